/** What a worker thread of the pool runs. */
export { readSmallMails, readStream } from './task';
