// Stands beside worker.ts in the source tree only, for tests and benchmarks; the build puts what worker.ts becomes in its place.
require('tsx/cjs');
module.exports = require('./worker.ts');
