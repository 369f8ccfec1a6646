#!/bin/sh
# Boots a Debian kernel in QEMU (no KVM needed), freezes a file system there under writers, and prints the console:
# sysrq-w, two rounds of the hung-task watchdog, sysrq-l. Needs qemu-system-x86, busybox-static, e2fsprogs, cpio.
#   make.sh VMLINUZ MODULES_DIR > console.txt         e.g. /boot/vmlinuz-6.1.0-56-amd64 /lib/modules/6.1.0-56-amd64
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
root=$folder/root
mkdir -p "$root/bin" "$root/proc" "$root/sys" "$root/dev" "$root/mnt" "$root/tmp" "$root/mod"
cp /bin/busybox "$root/bin/"
for module in lib/crc16 fs/mbcache fs/jbd2/jbd2 crypto/crc32c_generic fs/ext4/ext4 drivers/block/loop; do cp "$2/kernel/$module.ko" "$root/mod/"; done
dd if=/dev/zero of="$root/fs.img" bs=1M count=8 status=none && mkfs.ext4 -q -F "$root/fs.img"
cat > "$root/init" <<'INIT'
#!/bin/busybox sh
B=/bin/busybox
$B mount -t proc proc /proc; $B mount -t devtmpfs dev /dev; $B mount -t tmpfs t /tmp
for m in crc16 mbcache jbd2 crc32c_generic ext4 loop; do $B insmod /mod/$m.ko; done
$B cp /fs.img /tmp/fs.img; $B mount -o loop -t ext4 /tmp/fs.img /mnt
echo 4 > /proc/sys/kernel/hung_task_timeout_secs
echo 1 > /mnt/a; $B mkdir /mnt/d
$B fsfreeze --freeze /mnt
(echo hello >> /mnt/a) & ($B mkdir /mnt/d/x) & ($B mkdir /mnt/d/y) & ($B rm /mnt/a) & ($B sync) &
$B sleep 1
echo w > /proc/sysrq-trigger
$B sleep 12
echo l > /proc/sysrq-trigger
$B poweroff -f
INIT
chmod +x "$root/init"
(cd "$root" && find . | cpio -o -H newc 2>/dev/null | gzip -1) > "$folder/initrd.gz"
qemu-system-x86_64 -m 256 -smp 2 -accel tcg -kernel "$1" -initrd "$folder/initrd.gz" -append "console=ttyS0 ignore_loglevel sysrq_always_enabled" -nographic -no-reboot < /dev/null | tr -d '\r'
