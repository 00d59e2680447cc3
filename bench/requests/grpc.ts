import * as grpc from '@grpc/grpc-js';
import type { RequestDriver } from './request-driver.js';

const PATH = '/bench.Echo/Echo';
const asItIs = (bytes: Buffer) => bytes;

/** gRPC for Node from process to process, without a broker: bytes as they are, no message is encoded. */
export const grpcRequests: RequestDriver = {
  async serve() {
    const server = new grpc.Server();
    server.addService(
      {
        echo: {
          ...{ path: PATH, requestStream: false, responseStream: false },
          ...{ requestSerialize: asItIs, requestDeserialize: asItIs },
          ...{ responseSerialize: asItIs, responseDeserialize: asItIs },
        },
      },
      {
        echo(call: grpc.ServerUnaryCall<Buffer, Buffer>, answer: grpc.sendUnaryData<Buffer>) {
          answer(null, call.request);
        },
      },
    );
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    return `127.0.0.1:${port}`;
  },

  async connect(url) {
    const client = new grpc.Client(url, grpc.credentials.createInsecure());
    return (payload) =>
      new Promise((resolve, reject) => {
        client.makeUnaryRequest(PATH, asItIs, asItIs, payload as Buffer, (error, reply) => {
          if (error === null) resolve(reply!);
          else reject(error);
        });
      });
  },
};
