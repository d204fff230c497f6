// The tags and labels of an image by the rules that the workflow gives. The published action asks GitHub for the commit's
// date and for the repository's description and license; here the checkout tells the date, and there is no more to tell.
'use strict';

const { standIn, read } = require('stand-in');

const mapped = { images: '', tags: '', flavor: '', labels: '' };

// What the published action puts first.
const priority = { schedule: 1000, semver: 900, ref: 600, raw: 200, sha: 100 };

// The rules of a step that gives none, as those of labels alone do. That of pull requests is not here: none publishes.
const unsaid = ['type=schedule,pattern=nightly', 'type=ref,event=branch', 'type=ref,event=tag'];

const refs = { branch: 'refs/heads/', tag: 'refs/tags/' };

standIn('docker/metadata-action', mapped, (step) => {
  if (step.input('flavor') !== '' && step.input('flavor') !== 'latest=false') throw new Error('the stand-in knows the flavor latest=false only');
  const given = step.lines('tags');
  const rules = (given.length > 0 ? given : unsaid).map(rule).filter((r) => r.enable === 'true');
  if (rules.some((r) => r.type === 'semver') && step.input('flavor') === '') throw new Error('with semver the stand-in wants flavor: latest=false');
  const names = [...new Set(rules.sort((a, b) => b.priority - a.priority).flatMap(named))];
  const images = step.list('images');
  const tags = images.flatMap((image) => names.map((name) => `${image}:${name}`));
  const labels = labelled(names[0] ?? '', step.lines('labels').map(fill));

  step.output('version', names[0] ?? '');
  step.output('tags', tags.join('\n'));
  step.output('labels', Object.entries(labels).map(([key, value]) => `${key}=${value}`).join('\n'));
  step.output('json', JSON.stringify({ tags, 'tag-names': names, labels }));
});

// rule reads a line such as type=ref,event=branch.
function rule(line) {
  const r = { enable: 'true' };
  for (const pair of line.split(',')) {
    const at = pair.indexOf('=');
    r[pair.slice(0, at).trim()] = pair.slice(at + 1).trim();
  }
  if (!['true', 'false'].includes(r.enable)) throw new Error(`enable must be true or false: ${line}`);
  if (!(r.type in priority)) throw new Error(`the stand-in does not know type=${r.type}`);
  const known = { ref: ['event'], semver: ['pattern'], sha: ['prefix', 'format'], schedule: ['pattern'], raw: ['value'] }[r.type];
  const other = Object.keys(r).find((key) => !['type', 'enable', ...known].includes(key));
  if (other !== undefined) throw new Error(`the stand-in does not know ${other}= of type=${r.type}`);
  return { ...r, priority: priority[r.type] };
}

// named are the names of tags that a rule gives for the event: one, or none.
function named(r) {
  const { GITHUB_REF: ref, GITHUB_SHA: sha, GITHUB_EVENT_NAME: event } = process.env;
  switch (r.type) {
    case 'ref':
      if (!(r.event in refs)) throw new Error(`the stand-in does not know event=${r.event}`);
      return ref.startsWith(refs[r.event]) ? [sanitized(ref.slice(refs[r.event].length))] : [];
    case 'semver':
      return ref.startsWith(refs.tag) ? version(r.pattern, ref.slice(refs.tag.length)) : [];
    case 'sha':
      return [(r.prefix ?? 'sha-') + (r.format === 'long' ? sha : sha.slice(0, 7))];
    case 'schedule':
      return event === 'schedule' ? [sanitized(fill(r.pattern))] : [];
    case 'raw':
      return [sanitized(fill(r.value))];
  }
}

// version fills a pattern with the parts of a tag that is a version. Of a prerelease only the whole is told.
function version(pattern, tag) {
  const parts = /^v?(\d+)\.(\d+)\.(\d+)(-[\w.-]+)?$/.exec(tag);
  if (parts === null) {
    console.log(`::warning::${tag} is not a valid semver`);
    return [];
  }
  const values = { raw: tag, version: tag.replace(/^v/, ''), major: parts[1], minor: parts[2], patch: parts[3] };
  const whole = parts[4] !== undefined && pattern !== '{{raw}}' ? '{{version}}' : pattern;
  return [sanitized(whole.replace(/\{\{(\w+)\}\}/g, (_, name) => {
    if (!(name in values)) throw new Error(`the stand-in does not know {{${name}}}`);
    return values[name];
  }))];
}

function sanitized(name) {
  return name.replace(/[^\w.-]+/g, '-');
}

// fill puts in the date of today, or that of the commit, in UTC.
function fill(text) {
  return text.replace(/\{\{(\w+) '([^']*)'\}\}/g, (_, name, format) => {
    if (name === 'date') return dated(new Date(), format);
    if (name !== 'commit_date') throw new Error(`the stand-in does not know {{${name}}}`);
    return dated(new Date(read('git', ['-C', process.env.CHECKOUT, 'show', '--no-patch', '--format=%cI', process.env.GITHUB_SHA])), format);
  });
}

// dated writes a date in the format of Moment.js, in which brackets are around plain text.
function dated(date, format) {
  const iso = date.toISOString();
  const parts = { YYYY: iso.slice(0, 4), MM: iso.slice(5, 7), DD: iso.slice(8, 10), HH: iso.slice(11, 13), mm: iso.slice(14, 16), ss: iso.slice(17, 19) };
  return format.replace(/\[([^\]]*)\]|YYYY|MM|DD|HH|mm|ss/g, (part, plain) => plain ?? parts[part]);
}

// labelled are the labels that every image gets, and over them those of the workflow.
function labelled(version, own) {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_SHA: sha } = process.env;
  const labels = {
    title: repository.split('/')[1],
    url: `${server}/${repository}`,
    source: `${server}/${repository}`,
    version,
    created: new Date().toISOString(),
    revision: sha,
  };
  const all = Object.fromEntries(Object.entries(labels).map(([key, value]) => [`org.opencontainers.image.${key}`, value]));
  for (const label of own) {
    const at = label.indexOf('=');
    all[label.slice(0, at)] = label.slice(at + 1);
  }
  return all;
}
