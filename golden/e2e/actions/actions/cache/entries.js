// The entries of the cache: a folder each, below CACHES, the ref that has saved it, and its path. They are never changed.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

// folder is where a ref keeps the entries of a path, which is part of their identity. The folder for temporary files has a
// fixed name on GitHub's runners; act gives each job another.
function folder(ref, cached) {
  const known = cached.replace(process.env.RUNNER_TEMP, 'RUNNER_TEMP');
  return path.join(process.env.CACHES, encodeURIComponent(ref), encodeURIComponent(known));
}

// entry is the folder of the entry that the run's ref saves under a key.
exports.entry = (cached, key) => path.join(folder(process.env.GITHUB_REF, cached), encodeURIComponent(key));

// find returns the key and the folder of the entry that a run gets: it sees those of its own ref, of the branch that a pull
// request goes to, and of the default branch. The key itself comes first, then what begins with another key; of
// several the newest.
// Source: GitHub, "Dependency caching reference", cache key matching and restrictions for accessing a cache.
exports.find = (cached, key, others) => {
  const { repository } = JSON.parse(fs.readFileSync(process.env.GITHUB_EVENT_PATH, 'utf8'));
  const branches = [process.env.GITHUB_BASE_REF, repository.default_branch].filter((branch) => branch);
  for (const ref of [process.env.GITHUB_REF, ...branches.map((branch) => `refs/heads/${branch}`)]) {
    const entries = newestFirst(folder(ref, cached));
    const found = entries.find((entry) => entry.key === key)
      ?? others.flatMap((prefix) => entries.filter((entry) => entry.key.startsWith(prefix)))[0];
    if (found) return found;
  }
  return undefined;
};

function newestFirst(of) {
  if (!fs.existsSync(of)) return [];
  const entries = fs.readdirSync(of).map((name) => ({ key: decodeURIComponent(name), folder: path.join(of, name) }));
  const saved = (entry) => fs.statSync(entry.folder).mtimeMs;
  return entries.sort((a, b) => saved(b) - saved(a));
}
