'use strict';

const { run } = require('stand-in');

if (process.env.STATE_builder) run('docker', ['buildx', 'rm', process.env.STATE_builder]);
