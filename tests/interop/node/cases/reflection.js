import assert from 'node:assert/strict';
import { duplex, port } from '../calls.js';
import { connect, FileDescriptorProto, grpc, INTEROP, ReflectionV1, ReflectionV1Alpha } from '../rpc.js';

export const reflection_v1 = () => reflection(ReflectionV1);
export const reflection_v1alpha = () => reflection(ReflectionV1Alpha);

async function reflection(Service) {
  const client = connect(Service, port);
  const ask = async (question) => {
    const responses = duplex({ client, method: 'ServerReflectionInfo' });
    responses.call.write({ host: 'h', ...question });
    responses.call.end();
    return responses.next();
  };
  const files = (response) => response.file_descriptor_response.file_descriptor_proto.map((bytes) => FileDescriptorProto.decode(bytes));

  try {
    const names = (await ask({ list_services: '*' })).list_services_response.service.map((s) => s.name);
    for (const wanted of [INTEROP, 'grpc.health.v1.Health', 'grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection']) {
      assert.ok(names.includes(wanted), `${wanted} is not in ${names}`);
    }

    const response = await ask({ file_containing_symbol: INTEROP });
    assert.equal(response.valid_host, 'h');
    assert.equal(response.original_request.file_containing_symbol, INTEROP);
    const [file] = files(response);
    assert.equal(file.package, 'retentionscore.interop.v1');
    const methods = Object.fromEntries(file.service[0].method.map((m) => [m.name, [m.clientStreaming, m.serverStreaming]]));
    assert.deepEqual([methods.Duplex, methods.ServerStream], [[true, true], [false, true]]);

    assert.equal(files(await ask({ file_by_filename: file.name }))[0].name, file.name);
    for (const symbol of ['grpc.health.v1.Health.Watch', 'grpc.health.v1.HealthCheckResponse.ServingStatus']) {
      assert.equal(files(await ask({ file_containing_symbol: symbol }))[0].package, 'grpc.health.v1');
    }
    for (const question of [{ file_containing_symbol: 'no.such.Symbol' }, { file_by_filename: 'none.proto' }]) {
      assert.equal((await ask(question)).error_response.error_code, grpc.status.NOT_FOUND);
    }
  } finally {
    client.close();
  }
}
