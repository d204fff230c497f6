// A copy of an entry of the cache.
'use strict';

const fs = require('node:fs');
const { standIn } = require('stand-in');
const { find } = require('actions/cache/entries');

const mapped = { path: '', key: '', 'restore-keys': '' };

standIn('actions/cache/restore', mapped, (step) => {
  const [to, key, others] = [step.input('path'), step.input('key'), step.lines('restore-keys')];
  step.output('cache-primary-key', key);
  const found = find(to, key, others);
  if (!found) {
    console.log(`Cache not found for input keys: ${[key, ...others].join(', ')}`);
    return;
  }
  fs.cpSync(found.folder, to, { recursive: true });
  step.output('cache-hit', found.key === key);
  step.output('cache-matched-key', found.key);
  console.log(`Cache restored from key: ${found.key}`);
});
