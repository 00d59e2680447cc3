{
  'targets': [
    {
      'target_name': 'modwire',
      'sources': ['addon.cc', 'check-program.cc', 'convert.cc', 'cpu.cc', 'crc32c.cc', 'utf8.cc', 'verify.cc'],
      'include_dirs': ["<!(node -p \"require('node-addon-api').include_dir\")"],
      # Version 8 is in every Node.js from 20 on: one build serves them all.
      'defines': ['NAPI_VERSION=8', 'NAPI_DISABLE_CPP_EXCEPTIONS'],
      'cflags': ['-O3', '-Wall', '-Wextra', '-fvisibility=hidden'],
      'cflags_cc': ['-fno-exceptions'],
      'xcode_settings': {
        'GCC_OPTIMIZATION_LEVEL': '3',
        'GCC_ENABLE_CPP_EXCEPTIONS': 'NO',
        'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
        'CLANG_CXX_LANGUAGE_STANDARD': 'c++17',
        'MACOSX_DEPLOYMENT_TARGET': '11.0',
        'WARNING_CFLAGS': ['-Wall', '-Wextra'],
      },
      'msvs_settings': {'VCCLCompilerTool': {'WarningLevel': 3, 'AdditionalOptions': ['/std:c++17']}},
    },
  ],
}
