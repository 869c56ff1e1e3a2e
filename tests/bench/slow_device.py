"""slow_device.py -- a file system on a device that writes 2 MB a second, as a worn or crowded disk does.

A loop device over a file, throttled by the blkio controller of cgroup v1, which holds for its
write-back too.  Wants root; `missing` says why there is none.
"""
import os
import shutil
import subprocess

import runner

THROTTLE = "/sys/fs/cgroup/blkio/blkio.throttle.write_bps_device"
BYTES_PER_SECOND = 2000000
SIZE = 300 << 20


def missing():
    """Why such a device can't be had here; None if it can."""
    if os.geteuid() != 0:
        return "wants root"
    if not os.path.exists(THROTTLE):
        return "wants the blkio controller of cgroup v1"
    for name in ("losetup", "mkfs.ext4", "mount", "umount"):
        if not shutil.which(name):
            return "wants " + name
    if not os.path.exists("/dev/loop-control"):
        return "wants loop devices"
    return None


def call(*argv):
    done = subprocess.run(argv, capture_output=True, text=True)
    if done.returncode != 0:
        raise runner.Failed("%s: %s" % (" ".join(argv), done.stderr.strip()[:200]))
    return done.stdout.strip()


def throttle(device, speed):
    number = os.stat(device).st_rdev
    with open(THROTTLE, "w") as file:
        file.write("%d:%d %d" % (os.major(number), os.minor(number), speed))


class SlowDevice:
    """with SlowDevice(directory) as path: an ext4 file system at `path`, gone afterwards."""

    def __init__(self, directory):
        self.image, self.path, self.device = directory + "/slow.img", directory + "/slow", None

    def __enter__(self):
        os.makedirs(self.path)
        with open(self.image, "wb") as image:
            image.truncate(SIZE)
        try:
            self.device = call("losetup", "-f", "--show", self.image)
            call("mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", self.device)
            call("mount", self.device, self.path)
            throttle(self.device, BYTES_PER_SECOND)
        except runner.Failed:
            self.__exit__()
            raise
        return self.path

    def __exit__(self, *_):
        if self.device:
            throttle(self.device, 0)
            runner.stop_all()  # who is still there because we are to end
            subprocess.run(["umount", "--lazy", self.path], capture_output=True)
            subprocess.run(["losetup", "-d", self.device], capture_output=True)
        shutil.rmtree(self.path, ignore_errors=True)
        os.unlink(self.image)
