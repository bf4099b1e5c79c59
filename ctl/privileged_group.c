/* SPDX-License-Identifier: MIT */
#include "ctl/privileged_group.h"

#include "common/base/auto.h"

#define CONTAINERS "starts containers with this host's files in them, as root"
#define MACHINES   "starts machines with this host's disks in them, as root"
#define MEMORY     "reads the memory of the kernel and of every process"
#define SUDO       "becomes root where sudo is set up for the group, as distributions do"
#define SYSTEM     "has what the system's own files leave to the group, which nobody looks after"

/* In the order of config_roles.c, which has the same names. */
static const struct {
	const char *group;
	const char *gives;
} groups[] = {
	{"adm", "reads the logs of all services and users"},
	{"admin", SUDO},
	{"backup", "reads backups, and in them the files of everybody"},
	{"bin", SYSTEM},
	{"daemon", SYSTEM},
	{"disk", "reads and writes the disks themselves, whatever file is on them"},
	{"docker", CONTAINERS},
	{"dockerroot", CONTAINERS},
	{"google-sudoers", "becomes root by sudo without a password"},
	{"google_sudoers", "becomes root by sudo without a password"},
	{"haclient", "tells the cluster manager what to run as root"},
	{"incus", CONTAINERS},
	{"incus-admin", CONTAINERS},
	{"input", "reads every key that is pressed at this host"},
	{"kmem", MEMORY},
	{"kvm", "opens the hypervisor of the kernel, and the machines of others where they are left to it"},
	{"libvirt", MACHINES},
	{"libvirt-qemu", "reads and writes the disks of all virtual machines"},
	{"libvirtd", MACHINES},
	{"lpadmin", "sets up printers, whose filters and devices read and write files as root"},
	{"lxd", CONTAINERS},
	{"mem", MEMORY},
	{"microk8s", CONTAINERS},
	{"operator", "reads the disks themselves where dumps are made so"},
	{"podman", CONTAINERS},
	{"shadow", "reads /etc/shadow, the password hashes of everybody"},
	{"snap_microk8s", CONTAINERS},
	{"ssh_keys", "reads this host's private SSH keys, and can stand for it"},
	{"ssl-cert", "reads the private keys of this host's TLS certificates"},
	{"staff", "writes below /usr/local, from where root runs programs"},
	{"sudo", SUDO},
	{"sudoers", SUDO},
	{"sys", SYSTEM},
	{"systemd-journal", "reads the journal of all services and users"},
	{"tty", "writes to everybody's terminals, and types there where the kernel lets it"},
	{"wheel", SUDO},
};

const char *privileged_group_gives(const char *group)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(groups); i++)
		if (streq(groups[i].group, group))
			return groups[i].gives;
	return NULL;
}
