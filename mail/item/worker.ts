/** What a worker thread of the pool runs. */
export { readBatch, readStream } from './task';
