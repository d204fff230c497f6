// docker buildx build.
'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { standIn, run } = require('stand-in');

const mapped = {
  context: '', file: '', target: '', platforms: '', 'build-args': '', labels: '', tags: '', outputs: '',
  push: 'false', 'no-cache': 'false', pull: 'false', 'cache-from': '', 'cache-to': '', provenance: '', 'secret-envs': '',
};

standIn('docker/build-push-action', mapped, (step) => {
  if (step.input('context') === '') throw new Error('the stand-in has no repository of GitHub to build from: want a context');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'build-push-'));
  const [imageID, metadata] = [path.join(folder, 'iidfile'), path.join(folder, 'metadata.json')];
  run('docker', ['buildx', 'build', ...options(step), '--iidfile', imageID, '--metadata-file', metadata, step.input('context')]);

  const text = fs.existsSync(metadata) ? fs.readFileSync(metadata, 'utf8').trim() : '';
  step.output('imageid', fs.existsSync(imageID) ? fs.readFileSync(imageID, 'utf8').trim() : '');
  step.output('digest', text === '' ? '' : JSON.parse(text)['containerimage.digest'] ?? '');
  step.output('metadata', text);
  fs.rmSync(folder, { recursive: true });
});

function options(step) {
  const each = (option, values) => values.flatMap((value) => [option, value]);
  const one = (option, value) => (value === '' ? [] : [option, value]);
  const set = (option, name) => (step.flag(name) ? [option] : []);
  return [
    ...each('--build-arg', step.lines('build-args')),
    ...each('--cache-from', step.lines('cache-from')),
    ...each('--cache-to', step.lines('cache-to')),
    ...one('--file', step.input('file')),
    ...each('--label', step.lines('labels')),
    ...each('--output', step.lines('outputs')),
    ...one('--platform', step.list('platforms').join(',')),
    '--attest', provenance(step.input('provenance')),
    ...each('--secret', step.list('secret-envs').map(secret)),
    ...each('--tag', step.list('tags')),
    ...one('--target', step.input('target')),
    ...set('--no-cache', 'no-cache'),
    ...set('--pull', 'pull'),
    ...set('--push', 'push'),
  ];
}

// provenance says who has built, as the published action does.
function provenance(value) {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run, GITHUB_RUN_ATTEMPT: attempt } = process.env;
  if (value === '') throw new Error('what the published action attests unless told depends on the repository: want provenance');
  if (value === 'false') return 'type=provenance,disabled=true';
  return `type=provenance${value === 'true' ? '' : `,${value}`},builder-id=${server}/${repository}/actions/runs/${run}/attempts/${attempt}`;
}

function secret(pair) {
  const at = pair.indexOf('=');
  if (at < 1) throw new Error(`${pair} is no secret: want id=VARIABLE`);
  return `id=${pair.slice(0, at)},env=${pair.slice(at + 1)}`;
}
