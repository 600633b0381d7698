export const load = (done) => done();
