import fc from 'fast-check';

// Where a test names the most of something it means it: by itself fast-check makes about ten, whatever is allowed.
fc.configureGlobal({ defaultSizeToMaxWhenMaxSpecified: true });
