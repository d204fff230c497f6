// The artifacts of this run, from the folders that actions/upload-artifact's stand-in has made.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { standIn } = require('stand-in');

const mapped = { name: '', pattern: '', path: '.', 'merge-multiple': 'false' };

standIn('actions/download-artifact', mapped, (step) => {
  const to = path.resolve(step.input('path'));
  const all = fs.readdirSync(process.env.ARTIFACTS).sort();
  const name = step.input('name');
  if (name !== '') {
    if (!all.includes(name)) throw new Error(`the run has no artifact ${name}`);
    take(name, to);
  } else {
    const wanted = all.filter((artifact) => like(step.input('pattern'), artifact));
    console.log(`artifacts: ${wanted.join(' ') || 'none'}`);
    for (const artifact of wanted) take(artifact, step.flag('merge-multiple') ? to : path.join(to, artifact));
  }
  step.output('download-path', to);
});

function take(artifact, to) {
  fs.cpSync(path.join(process.env.ARTIFACTS, artifact), to, { recursive: true });
}

// like reports whether a name is of a pattern, in which * stands for anything.
function like(pattern, name) {
  if (/[?[\]{}!]/.test(pattern)) throw new Error(`the stand-in does not know the pattern ${pattern}`);
  const parts = (pattern || '*').split('*').map((part) => part.replace(/[.+^$()|\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(name);
}
