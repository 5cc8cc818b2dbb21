import { layOut, type LayoutInput } from './layout';

/** Lays out off the page's own thread; a newer question comes with a new worker. */
self.onmessage = ({ data }: MessageEvent<LayoutInput>) => {
  layOut(data, (positions, done) => self.postMessage({ positions, done }));
};
