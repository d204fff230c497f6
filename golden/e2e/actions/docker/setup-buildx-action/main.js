// docker buildx create, and inspect --bootstrap.
'use strict';

const { randomUUID } = require('node:crypto');
const { standIn, run, read } = require('stand-in');

const mapped = { version: '', driver: 'docker-container', 'driver-opts': '', 'buildkitd-config': '', 'cache-binary': 'true' };
const flags = '--allow-insecure-entitlement security.insecure --allow-insecure-entitlement network.host';

standIn('docker/setup-buildx-action', mapped, (step) => {
  // The published action downloads it.
  const version = read('docker', ['buildx', 'version']).split(' ')[1];
  if (step.input('version') !== '' && step.input('version') !== version) throw new Error(`buildx is ${version}, not ${step.input('version')}`);

  // The name of the case is in the builder's, so that what a run leaves behind is found.
  const name = `builder-${process.env.NAME}-${randomUUID()}`;
  const options = step.lines('driver-opts').flatMap((option) => ['--driver-opt', option]);
  // The registry is on this machine, and the builder is in a container.
  options.push('--driver-opt', 'network=host', '--buildkitd-flags', flags);
  if (step.input('buildkitd-config') !== '') options.push('--buildkitd-config', step.input('buildkitd-config'));
  step.keep('builder', name);
  run('docker', ['buildx', 'create', '--name', name, '--driver', step.input('driver'), ...options, '--use']);
  run('docker', ['buildx', 'inspect', '--bootstrap', '--builder', name]);
  step.output('name', name);
  step.output('driver', step.input('driver'));
});
