'use strict';

const { run } = require('stand-in');

if (process.env.STATE_registry !== undefined) run('docker', ['logout', process.env.STATE_registry]);
