package main

import "testing"

const mounts = `22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
25 24 0:23 / /dev/shm rw,relatime - tmpfs tmpfs rw,size=24684084k
40 27 8:17 / /srv/data rw,relatime - xfs /dev/sdb1 rw
`

func TestAFolderIsOnTheLongestMountAboveIt(t *testing.T) {
	for folder, want := range map[string]disk{
		"/srv/data/var":   {mount: "/srv/data", system: "xfs", device: "8:17"},
		"/srv/database":   {mount: "/", system: "ext4", device: "254:0"},
		"/dev/shm/bench":  {mount: "/dev/shm", system: "tmpfs", device: "0:23"},
		"/home/me/ledger": {mount: "/", system: "ext4", device: "254:0"},
	} {
		found, err := parseMount(mounts, folder)
		if err != nil || found != want {
			t.Errorf("%s is on %+v, %v; want %+v", folder, found, err, want)
		}
		if found.inMemory() != (want.system == "tmpfs") {
			t.Errorf("%s is in memory: %t", folder, found.inMemory())
		}
	}
	for _, wrong := range []string{"", "a line\n", "1 2 8:1 / /srv rw - xfs\n"} {
		if found, err := parseMount(wrong, "/home"); err == nil {
			t.Errorf("%q: /home is on %+v", wrong, found)
		}
	}
}

func TestFlushesAreThoseOfTheDevice(t *testing.T) {
	const text = ` 254       0 vda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 1912345 162434
   8      17 sdb1 1 2 3 4 5 6 7 8 9 10 11
`
	for device, want := range map[string]int{"254:0": 1912345, "8:17": 0, "9:9": 0} {
		if n := parseFlushes(text, device); n != want {
			t.Errorf("%s was flushed %d times, want %d", device, n, want)
		}
	}
}
