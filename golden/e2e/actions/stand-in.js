// What the stand-ins share. A stand-in gives the real tool the command line that the published action would give it, and
// prints it. What it cannot give on fails the step: an input that the published action does not have, and one that it
// has and the stand-in does not map. docs/testing.md tells what a stand-in cannot prove.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

// standIn runs main for a published action, with the inputs that are mapped and what they are by default.
exports.standIn = (action, mapped, main) => {
  try {
    check(action, mapped);
    ownMachine();
    main(new Step(mapped));
  } catch (error) {
    console.log(`::error::${action}: ${error.message}`);
    process.exitCode = 1;
  }
};

// check refuses what the published action would not know, or what would be lost on the stand-in.
function check(action, mapped) {
  const published = JSON.parse(fs.readFileSync(process.env.PINS, 'utf8'))[action];
  for (const name of Object.keys(mapped)) {
    if (!published.inputs.includes(name)) throw new Error(`the stand-in maps ${name}, which ${published.version} does not have`);
  }
  for (const variable of Object.keys(process.env)) {
    const name = variable.startsWith('INPUT_') ? variable.slice('INPUT_'.length).toLowerCase() : undefined;
    if (name === undefined || name in mapped) continue;
    if (!published.inputs.some((input) => input.toLowerCase() === name)) throw new Error(`${published.version} has no input ${name}`);
    if (process.env[variable] !== '') throw new Error(`the stand-in does not map the input ${name}`);
  }
}

// ownMachine gives a job a configuration of docker of its own: on GitHub it has a machine of its own, here the logins and
// builders of jobs that run at once would be each other's.
function ownMachine() {
  const config = path.join(process.env.RUNNER_TEMP, 'docker');
  if (process.env.DOCKER_CONFIG === config) return;
  fs.mkdirSync(config);
  fs.copyFileSync(path.join(process.env.DOCKER_CONFIG, 'config.json'), path.join(config, 'config.json'));
  fs.appendFileSync(process.env.GITHUB_ENV, `DOCKER_CONFIG=${config}\n`);
  process.env.DOCKER_CONFIG = config;
}

// run runs a command and prints its line as the runner's own library does.
exports.run = (command, args, options = {}) => {
  console.log(`[command]${[command, ...args].map(quote).join(' ')}`);
  const done = spawnSync(command, args, { stdio: [options.input === undefined ? 'ignore' : 'pipe', 'inherit', 'inherit'], ...options });
  if (done.error) throw done.error;
  if (done.status !== 0) throw new Error(`${command} ${args[0]} failed with exit code ${done.status}`);
};

// read runs a command and returns what it prints.
exports.read = (command, args, options = {}) => {
  const done = spawnSync(command, args, { encoding: 'utf8', ...options });
  if (done.status !== 0) throw new Error(`${command} ${args[0]}: ${done.stderr}`);
  return done.stdout.trim();
};

function quote(word) {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

class Step {
  constructor(mapped) {
    this.mapped = mapped;
  }

  // input is the value of an input, or what it is by default.
  input(name) {
    if (!(name in this.mapped)) throw new Error(`${name} is no input of the stand-in`);
    return (process.env[`INPUT_${name.toUpperCase()}`] ?? '').trim() || this.mapped[name];
  }

  flag(name) {
    return this.input(name) === 'true';
  }

  // lines are the values of an input that has one in each line.
  lines(name) {
    return this.input(name).split('\n').map((line) => line.trim()).filter((line) => line !== '');
  }

  // list are the values of an input that may have several in a line, too.
  list(name) {
    return this.lines(name).flatMap((line) => line.split(',')).map((value) => value.trim()).filter((value) => value !== '');
  }

  // output tells the steps that follow a value, of one line or of many.
  output(name, value) {
    write(process.env.GITHUB_OUTPUT, name, value);
  }

  // keep tells the step behind the job a value; post.js finds it in STATE_<name>.
  keep(name, value) {
    write(process.env.GITHUB_STATE, name, value);
  }
}

function write(file, name, value) {
  fs.appendFileSync(file, `${name}<<END_OF_VALUE\n${value}\nEND_OF_VALUE\n`);
}
