/* SPDX-License-Identifier: MIT */
#include "common/base/reserved_names.h"

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/base/auto.h"

/* The longest with its NUL. No pointers: they would be relocated anew in every process. */
#define NAME_SIZE 24

/* clang-format off */
/*
 * Sorted as strcmp() sorts: users and groups of the base systems (Debian, Fedora), of packages,
 * container engines and cloud images, among them all groups that are as good as root.
 */
static const char names[][NAME_SIZE] = {
	"_apt", "_chrony", "_dhcp", "_openntpd", "_rpc", "_rspamd", "_snmpd", "_ssh", "_sssd",
	"_tor", "abrt", "abuse", "act_runner", "activemq", "adm", "admin", "administrator",
	"adminuser", "aide", "alertmanager", "almalinux", "alpine", "amandabackup", "amavis",
	"amavisd", "anonymous", "ansible", "apache", "apcupsd", "apport", "arch", "arpwatch",
	"artifactory", "asterisk", "at", "ats", "audio", "audit", "avahi", "avahi-autoipd",
	"aws-kinesis-agent-user", "awx", "azureuser", "backup", "bacula", "barman", "bin", "bind",
	"bitcoin", "bitlbee", "bluetooth", "brlapi", "brltty", "buildbot", "buildkit", "cacti",
	"caddy", "cassandra", "cdrom", "cdwriter", "ceilometer", "centos", "ceph", "cephadm",
	"certmonger", "chef", "chrony", "cinder", "clamav", "clamilt", "clamscan", "clamupdate",
	"clevis", "clickhouse", "clickhouse-bridge", "cloud-init", "cloud-user", "cockpit",
	"cockpit-session", "cockpit-ws", "cockpit-wsinstance", "cockroach", "collectd", "colord",
	"concourse", "console", "consul", "containerd", "core", "coturn", "couchdb", "courier",
	"crio", "cron", "crontab", "crontabs", "crowdsec", "cuda", "cups", "cups-pk-helper",
	"cupsd", "cvs", "cyrus", "daemon", "datadog", "davfs2", "dbus", "dd-agent", "debian",
	"deluge", "desktop", "dhcp", "dhcpcd", "dhcpd", "dialout", "dip", "dirsrv", "disk",
	"dnsmasq", "dnssec", "doas", "docker", "dockerroot", "dovecot", "dovenull", "drbd",
	"dspam", "ec2-instance-connect", "ec2-user", "ejabberd", "elasticsearch", "emby", "emqx",
	"envoy", "epmd", "erlang", "etcd", "ethereal", "exim", "exim4", "fail2ban", "fax", "fcgi",
	"fcitx", "fedora", "filebeat", "firebird", "flatpak", "flink", "floppy", "fluentd",
	"foreman", "foreman-proxy", "forgejo", "freerad", "freeswitch", "ftp", "ftpd",
	"ftpsecure", "ftpuser", "fuse", "fwupd", "fwupd-refresh", "games", "ganglia", "gdm",
	"gdm3", "geoclue", "geoclue-prov", "geoclue2", "git", "gitdaemon", "gitea", "gitlab",
	"gitlab-prometheus", "gitlab-psql", "gitlab-redis", "gitlab-runner", "gitlab-www",
	"gitolite", "gitolite3", "glance", "glassfish", "gluster", "glusterd", "gnats",
	"gnome-initial-setup", "gnome-remote-desktop", "google-sudoers", "google_sudoers",
	"gopher", "gpio", "grafana", "graylog", "greetd", "greeter", "greylist", "guest", "guix",
	"guixbuild", "gunicorn", "haclient", "hacluster", "hadoop", "haldaemon", "halt",
	"haproxy", "hbase", "hdfs", "heat", "hg", "hive", "homeassistant", "hostmaster", "hplip",
	"hsqldb", "http", "httpd", "i2c", "i2psvc", "ibus", "icecast", "icecast2", "icinga",
	"icinga2", "icingaweb2", "ident", "iio-sensor-proxy", "incus", "incus-admin", "influxdb",
	"input", "insights", "inspircd", "ipa", "ipaapi", "ipsec", "irc", "ircd", "iscsi",
	"jackuser", "jboss", "jellyfin", "jenkins", "jetty", "kafka", "kamailio", "kdcproxy",
	"kdm", "kerberos", "kernoops", "keyadmin", "keys", "keystone", "kibana", "kmem", "knot",
	"knot-resolver", "kodi", "krb5", "krb5kdc", "kube", "kubelet", "kubernetes", "kvm",
	"landscape", "ldap", "libvirt", "libvirt-dnsmasq", "libvirt-qemu", "libvirtd",
	"libvirtdbus", "lightdm", "lighttpd", "list", "locate", "lock", "logcheck", "logstash",
	"logwatch", "loki", "lp", "lpadmin", "lpd", "lpr", "lpwrite", "lustre", "lvm", "lxc",
	"lxc-dnsmasq", "lxd", "lxdm", "mail", "mailman", "mailman3", "mailnull", "majordomo",
	"man", "man-db", "mandb", "mapred", "mariadb", "matrix-synapse", "mem", "memcache",
	"memcached", "messagebus", "microk8s", "milter-greylist", "minetest", "minio", "mlocate",
	"mock", "modem", "mongod", "mongodb", "monit", "mosquitto", "mpd", "multipath",
	"mumble-server", "munin", "murmur", "mysql", "mysqld", "nagios", "named", "nbd", "neo4j",
	"netdata", "netdev", "netdump", "networkmanager", "newrelic", "news", "nexus", "nfs",
	"nfsd", "nfsnobody", "nginx", "ngircd", "nixbld", "nixblds", "nm-openconnect",
	"nm-openvpn", "nobody", "node-exporter", "node-red", "node_exporter", "nodered",
	"nogroup", "nologin", "nomad", "nova", "nrpe", "nscd", "nsd", "nslcd", "ntlm", "ntopng",
	"ntp", "ntpd", "ntpsec", "nut", "nut-monitor", "nvidia", "nvidia-persistenced", "ods",
	"opc", "opendkim", "opendmarc", "openhab", "openldap", "openntpd", "opensc", "opensearch",
	"opensips", "opensuse", "openvpn", "operator", "oprofile", "opscode", "oslogin", "ossec",
	"ossecm", "ossecr", "ovirt", "packagekit", "pcsc", "pcscd", "pdns", "pdns-recursor",
	"pe-puppet", "pgbouncer", "pgpool", "php-fpm", "phpfpm", "pi", "pipewire", "pki",
	"pkiadmin", "pkiuser", "plex", "plocate", "plugdev", "podman", "policyd-spf", "polkit",
	"polkitd", "polkituser", "popusers", "portage", "postdrop", "postfix", "postgres",
	"postgresql", "postgrey", "postmaster", "powerdev", "pppusers", "prelude-manager",
	"printadmin", "privoxy", "proftpd", "prometheus", "prosody", "proxy", "pulp", "pulse",
	"pulse-access", "pulse-rt", "puppet", "puppetdb", "puppetserver", "pure-ftpd", "pureftpd",
	"pwm", "qdrouterd", "qemu", "qpidd", "quagga", "quantum", "quassel", "rabbitmq", "radius",
	"radiusd", "radvd", "realtime", "redis", "render", "rhsm", "rkt", "rocky", "root",
	"roundcube", "rpc", "rpcbind", "rpcuser", "rpm", "rspamd", "rsync", "rsyncd", "rsyslog",
	"rtkit", "sabnzbdplus", "samba", "sambashare", "sane", "saned", "sanlock", "sasl",
	"saslauth", "scanner", "scard", "screen", "sddm", "secure", "security", "sendmail",
	"sensu", "setroubleshoot", "sftp", "sftponly", "sgx", "shadow", "shoutcast", "shutdown",
	"slapd", "slipusers", "slocate", "smbguest", "smmsp", "smmta", "snap_daemon",
	"snap_microk8s", "snapd", "snmp", "snmpd", "snmptrapd", "snort", "softhsm", "solr",
	"sonar", "sonarqube", "spamass-milter", "spamd", "spark", "speech-dispatcher", "spi",
	"splunk", "splunkfwd", "squid", "src", "ssh", "ssh-keys", "ssh_keys", "sshd", "sshfs",
	"ssl-cert", "ssm-user", "sss", "sssd", "staff", "stap-server", "stapdev", "stapsys",
	"stapusr", "statd", "steam", "strongswan", "sudo", "sudoers", "superuser", "suricata",
	"svn", "swift", "swtpm", "sympa", "sync", "sys", "sysadmin", "syslog", "syslog-ng",
	"sysop", "tailscale", "tang", "tape", "tcpdump", "tcsd", "td-agent", "teamcity",
	"telegraf", "tftp", "tftpd", "timesync", "tomcat", "tomcat10", "tomcat7", "tomcat8",
	"tomcat9", "toor", "tor", "toranon", "tpm", "tpm2", "tpmtss", "traefik", "transmission",
	"tripwire", "trusted", "tshark", "tss", "tty", "turnserver", "ubuntu", "unbound",
	"unbound-anchor", "ups", "usb", "usbmuxd", "users", "utempter", "utmp", "uucico", "uucp",
	"uuidd", "uwsgi", "vagrant", "valkey", "varnish", "varnishlog", "vault", "vboxadd",
	"vboxsf", "vboxusers", "vcache", "vcsa", "vdsm", "video", "virtual", "virusgroup",
	"vmail", "vmware", "voice", "vsftpd", "wazuh", "wbpriv", "webalizer", "webmaster",
	"wheel", "whoopsie", "wildfly", "winbind", "winbindd_priv", "wine", "wireguard",
	"wireshark", "wwan", "www-data", "wwwrun", "xdm", "xen", "xfs", "xgrp", "yarn", "yubihsm",
	"zabbix", "zabbix-agent", "zabbixsrv", "zeek", "zerotier-one", "zigbee2mqtt", "zimbra",
	"znc", "zookeeper",
};
/* clang-format on */

/* Whole families: systemd's users, Debian's renamed ones, our own role groups. */
static const char *const prefixes[] = {"cosmo-", "debian-", "systemd-"};

static bool has_reserved_prefix(const char *name)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(prefixes); i++)
		if (name[0] == prefixes[i][0] &&
			strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

/* The first bytes of a name as a number that sorts as strcmp() does. */
static uint64_t head_of(const char *name, size_t len)
{
	uint64_t head = 0;

	memcpy(&head, name, len < sizeof(head) ? len : sizeof(head));
	return be64toh(head);
}

/* Every look-up of NSS comes here, with another name each time: the search has no branch that would
 * have to be foreseen. */
bool reserved_names_has(const char *name)
{
	uint64_t head = head_of(name, strnlen(name, sizeof(head)));
	size_t first = 0;

	for (size_t left = COSMO_ARRAY_LEN(names); left > 1;) {
		size_t half = left / 2;

		first += head_of(names[first + half - 1], NAME_SIZE) < head ? half : 0;
		left -= half;
	}
	/* All that begin like it stand from here on. */
	for (; first < COSMO_ARRAY_LEN(names) && head_of(names[first], NAME_SIZE) <= head; first++)
		if (streq(names[first], name))
			return true;
	return has_reserved_prefix(name);
}
