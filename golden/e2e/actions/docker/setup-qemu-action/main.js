// The published action has an image register the emulators with the kernel of the runner. The lab has registered its own,
// and the stand-in finds out whether the kernel knows them.
'use strict';

const fs = require('node:fs');
const { standIn } = require('stand-in');

const mapped = { image: '', platforms: 'all', 'cache-image': 'true' };
const emulators = { 'linux/arm64': 'qemu-aarch64', 'linux/arm/v7': 'qemu-arm', 'linux/riscv64': 'qemu-riscv64', 'linux/ppc64le': 'qemu-ppc64le', 'linux/s390x': 'qemu-s390x' };

standIn('docker/setup-qemu-action', mapped, (step) => {
  console.log(`instead of: docker run --rm --privileged ${step.input('image')} --install ${step.input('platforms')}`);
  for (const platform of step.list('platforms')) {
    const emulator = emulators[platform];
    if (emulator === undefined) throw new Error(`the stand-in knows no emulator of ${platform}`);
    const file = `/proc/sys/fs/binfmt_misc/${emulator}`;
    const state = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
    if (!/^enabled$/m.test(state)) throw new Error(`the kernel does not know ${emulator}`);
    // F: the emulator is opened when it is registered, so that it is there in a container, too.
    if (!/^flags: .*F/m.test(state)) throw new Error(`${emulator} is not there in a container`);
  }
  step.output('platforms', step.input('platforms'));
});
