export { type CompileOptions, compileFbs, compileFbsText, readSchemaFile } from './compile-fbs.js';
export { generateTypeScript } from './generate-typescript.js';
export { type ReadSource, readFromDisk, readSourceTree } from './source-tree.js';
