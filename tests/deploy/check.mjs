// Checks the files of deploy/ that only a container engine or a cluster would read: each Kubernetes object against the schema of its kind (kubernetes-models),
// and, as the schemas let unknown members pass, against its type by the TypeScript compiler, which does not; the Dockerfile by its grammar.
// Prints a line for each: ok NAME, or FAIL NAME: why.   node check.mjs ROOT
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { validate as validateDockerfile } from 'dockerfile-utils';
import ts from 'typescript';
import yaml from 'js-yaml';

const root = process.argv[2];
const here = import.meta.dirname;
const require = createRequire(import.meta.url);
let failed = false;

function report(name, problems) {
  if (problems.length > 0) failed = true;
  console.log(problems.length > 0 ? `FAIL ${name}: ${problems.join('; ')}` : `ok ${name}`);
}

const moduleOf = ({ apiVersion, kind }) => `kubernetes-models/${apiVersion}/${kind}`;

function problemsOfSchema(object) {
  try {
    const Model = require(moduleOf(object))[object.kind];
    new Model(object).validate();
    return [];
  } catch (broken) {
    return [broken.message.replaceAll('\n', ' ')];
  }
}

/** One program for all objects: a file of its own for each, in memory. */
function problemsOfTypes(objects) {
  const sources = new Map(objects.map((object, i) => [
    path.join(here, `object${i}.ts`),
    `import type { I${object.kind} } from '${moduleOf(object)}';\nexport const object: I${object.kind} = ${JSON.stringify(object, null, 1)};\n`,
  ]));
  const options = { strict: true, noEmit: true, skipLibCheck: true, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, types: [] };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.getSourceFile = (file, ...rest) => sources.has(file) ? ts.createSourceFile(file, sources.get(file), ts.ScriptTarget.ES2022) : getSourceFile.call(host, file, ...rest);
  host.fileExists = file => sources.has(file) || fileExists.call(host, file);
  host.readFile = file => sources.get(file) ?? readFile.call(host, file);
  const program = ts.createProgram([...sources.keys()], options, host);
  return [...sources.keys()].map(file => ts.getPreEmitDiagnostics(program, program.getSourceFile(file))
    .map(found => ts.flattenDiagnosticMessageText(found.messageText, ' ')));
}

const objects = [];
const names = [];
for (const file of fs.readdirSync(path.join(root, 'deploy/kubernetes')).sort()) {
  for (const object of yaml.loadAll(fs.readFileSync(path.join(root, 'deploy/kubernetes', file), 'utf8'))) {
    if (object.kind === undefined) continue; // values of a chart, no object of a cluster
    objects.push(object);
    names.push(`kubernetes_${file}_${object.kind}_${object.metadata?.name}`);
  }
}

// The check has to see what it is for: a member that nobody knows, and a value of the wrong type.
const deployment = objects.find(object => object.kind === 'Deployment');
const unknown = structuredClone(deployment);
unknown.spec.template.spec.containers[0].readOnlyRootFilesystem = true;
const mistyped = structuredClone(deployment);
mistyped.spec.template.spec.containers[0].ports[0].containerPort = 'grpc';
const types = problemsOfTypes([...objects, unknown, mistyped]);
objects.forEach((object, i) => report(names[i], [...problemsOfSchema(object), ...types[i]]));
report('kubernetes_plantedUnknownMember_isFound', types.at(-2).some(found => found.includes('readOnlyRootFilesystem')) ? [] : ['it was not']);
report('kubernetes_plantedWrongType_isFound', types.at(-1).length > 0 && problemsOfSchema(mistyped).length > 0 ? [] : ['it was not']);

const dockerfile = fs.readFileSync(path.join(root, 'deploy/docker/Dockerfile'), 'utf8');
const problemsOfDockerfile = text => validateDockerfile(text).map(found => `line ${found.range.start.line + 1}: ${found.message}`);
report('docker_dockerfile_grammar', problemsOfDockerfile(dockerfile));
report('docker_plantedMistake_isFound', problemsOfDockerfile(dockerfile.replace('ENTRYPOINT', 'ENTRYPIONT')).length > 0 ? [] : ['it was not']);
process.exit(failed ? 1 : 0);
