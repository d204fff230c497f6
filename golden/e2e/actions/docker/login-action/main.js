// docker login.
'use strict';

const { standIn, run } = require('stand-in');

const mapped = { registry: '', username: '', password: '', logout: 'true' };

standIn('docker/login-action', mapped, (step) => {
  const [registry, username, password] = [step.input('registry'), step.input('username'), step.input('password')];
  if (username === '' || password === '') throw new Error('Username and password required');
  run('docker', ['login', '--password-stdin', '--username', username, registry], { input: password });
  if (step.flag('logout')) step.keep('registry', registry);
});
