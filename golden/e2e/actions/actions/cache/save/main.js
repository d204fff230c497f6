// A copy to an entry of the cache. What cannot be saved is a warning, as the published action has it.
'use strict';

const fs = require('node:fs');
const { standIn } = require('stand-in');
const { entry } = require('actions/cache/entries');

const mapped = { path: '', key: '' };

standIn('actions/cache/save', mapped, (step) => {
  const [from, key] = [step.input('path'), step.input('key')];
  const to = entry(from, key);
  if (!fs.existsSync(from)) {
    console.log('::warning::Path Validation Error: Path(s) specified in the action for caching do(es) not exist, hence no cache is being saved.');
  } else if (fs.existsSync(to)) {
    console.log(`::warning::Failed to save: Unable to reserve cache with key ${key}, another job may be creating this cache.`);
  } else {
    fs.cpSync(from, to, { recursive: true });
    console.log(`Cache saved with key: ${key}`);
  }
});
