// An artifact is a folder below ARTIFACTS.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { standIn } = require('stand-in');

const mapped = { name: 'artifact', path: '', 'if-no-files-found': 'warn', 'retention-days': '' };

standIn('actions/upload-artifact', mapped, (step) => {
  const name = step.input('name');
  if (/[":<>|*?\r\n\\/]/.test(name)) throw new Error(`an artifact cannot be called ${name}`);
  const files = step.lines('path').flatMap(found);
  if (files.length === 0) {
    none(step);
    return;
  }
  const artifact = path.join(process.env.ARTIFACTS, name);
  if (fs.existsSync(artifact)) throw new Error(`the run has an artifact ${name} already`);
  fs.mkdirSync(artifact);
  for (const file of files) fs.copyFileSync(file, path.join(artifact, path.basename(file)));
  console.log(`${files.length} files are the artifact ${name}`);
});

// found are the files of a path: one, or with FOLDER/* those of a folder but for hidden ones.
function found(pattern) {
  const folder = pattern.endsWith('/*') ? pattern.slice(0, -2) : undefined;
  if (/[*?[!]/.test(folder ?? pattern)) throw new Error(`the stand-in does not know the pattern ${pattern}`);
  if (!fs.existsSync(folder ?? pattern)) return [];
  const files = folder === undefined ? [pattern] : fs.readdirSync(folder).filter((name) => !name.startsWith('.')).map((name) => path.join(folder, name));
  const other = files.find((file) => !fs.statSync(file).isFile());
  if (other !== undefined) throw new Error(`the stand-in keeps files only, and ${other} is none`);
  return files;
}

function none(step) {
  const message = `No files were found with the provided path: ${step.input('path')}. No artifacts will be uploaded.`;
  switch (step.input('if-no-files-found')) {
    case 'error':
      throw new Error(message);
    case 'warn':
      console.log(`::warning::${message}`);
      break;
    case 'ignore':
      console.log(message);
      break;
    default:
      throw new Error('if-no-files-found must be error, warn or ignore');
  }
}
