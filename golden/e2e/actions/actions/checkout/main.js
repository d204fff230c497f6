// The commit of the event, out of the case's repository instead of GitHub's.
'use strict';

const { standIn, run, read } = require('stand-in');

const mapped = { 'fetch-depth': '1', submodules: 'false', 'persist-credentials': 'true' };

standIn('actions/checkout', mapped, (step) => {
  if (step.flag('persist-credentials')) throw new Error('the stand-in has no credentials to leave: want persist-credentials: false');
  const git = (...args) => run('git', args);
  const depth = step.input('fetch-depth') === '0' ? [] : [`--depth=${step.input('fetch-depth')}`];
  git('init', '--quiet', '.');
  git('remote', 'add', 'origin', `file://${process.env.CHECKOUT}`);
  git('fetch', '--quiet', '--no-tags', ...depth, 'origin', process.env.GITHUB_SHA);
  git('checkout', '--quiet', '--force', '--detach', 'FETCH_HEAD');
  if (step.input('submodules') !== 'false') {
    git('submodule', 'update', '--init', '--force', ...(step.input('submodules') === 'recursive' ? ['--recursive'] : []));
  }
  step.output('commit', read('git', ['rev-parse', 'HEAD']));
});
