// Clients of every service of the interop protos, and the messages that come as bytes.
import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';
import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor/index.js';

const includeDirs = ['../protos', '../../../protos'].map((dir) => fileURLToPath(new URL(dir, import.meta.url)));
const definition = protoLoader.loadSync(
  ['interop.proto', 'grpc/health/v1/health.proto', 'grpc/reflection/v1/reflection.proto', 'grpc/reflection/v1alpha/reflection.proto'],
  { includeDirs, keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true },
);
const root = grpc.loadPackageDefinition(definition);

export const Interop = root.retentionscore.interop.v1.InteropService;
export const Health = root.grpc.health.v1.Health;
export const ReflectionV1 = root.grpc.reflection.v1.ServerReflection;
export const ReflectionV1Alpha = root.grpc.reflection.v1alpha.ServerReflection;

export const INTEROP = 'retentionscore.interop.v1.InteropService';

const rpcRoot = new protobuf.Root();
rpcRoot.resolvePath = (_, target) => (target.startsWith('google/rpc/') ? `${includeDirs[0]}/${target}` : target);
rpcRoot.loadSync(['google/rpc/status.proto', 'google/rpc/error_details.proto']);
export const Status = rpcRoot.lookupType('google.rpc.Status');
export const ErrorInfo = rpcRoot.lookupType('google.rpc.ErrorInfo');
export const { FileDescriptorProto } = descriptor;

export function connect(Service, port, options = {}) {
  return new Service(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), options);
}

export { grpc };
