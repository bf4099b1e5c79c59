/* SPDX-License-Identifier: MIT */
#include "common/base/reserved_names.h"

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/base/auto.h"

/* The longest with its NUL. No pointers: they would be relocated anew in every process. */
#define NAME_SIZE 24

/* A power of two: one name in forty that is not listed has both bits of one that is. */
#define MARKS 8192U

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

/* clang-format off */
/* Two bits for each of them, see name_mark(): the test makes them anew and says what they should be. */
static const uint64_t marks[MARKS / 64] = {
	0x0081208c22400001, 0x0140810000000804, 0x0010005880200038, 0x0030000003003032,
	0x100100c0e0000010, 0x82c0000111000000, 0x0000048000220015, 0x680004084c010d12,
	0xc805046098408000, 0x02b8000004400003, 0x0000802030080008, 0x0280008480059401,
	0x4000002000104004, 0x8224000000000008, 0x8040011002021048, 0x0a00088000000002,
	0x400204c048000101, 0x001a800800000820, 0x104018100092098d, 0x058000404c004400,
	0x4000285040011010, 0x4081800b90200090, 0x010810028002c020, 0xe000c04000000140,
	0x0606800846100844, 0x0000000042480009, 0x0800000000116010, 0x8014020000866a08,
	0x000000804009021a, 0x000c42884002060a, 0x0960180010030808, 0x0800004010920020,
	0x0000400000400040, 0x00008080002c0000, 0x2120100400000202, 0x4013042004018404,
	0x9200080d04820214, 0x1e808840800884c0, 0x0220844081220000, 0x8424848082000a00,
	0x50010084802000a2, 0x0945c24080100140, 0x8410000008401000, 0x0888128104420080,
	0xa000000406d00014, 0x0006000018520c0a, 0x48040002004a4002, 0x0002260300000c06,
	0x02220812895a04b0, 0x0100400101802080, 0x00111040910c16a0, 0x88002001102a4300,
	0x022002a000046601, 0x0f04089040110181, 0x404000420000023a, 0x8182000420884001,
	0x00016080e1010002, 0x020402040c00f000, 0x08001110600000a8, 0x2400010020000114,
	0x0300006024004104, 0x4002602804020108, 0x19000004c062464a, 0x2460100080005000,
	0x6000240006000404, 0x0140002e00000000, 0x10042000401004c4, 0x1200024301880104,
	0x0002000980440260, 0x800080431c492000, 0x0090480401092088, 0x000024e140000000,
	0x0001440002224400, 0x1201400002021802, 0x0014410108800202, 0x0400000400800520,
	0x00010005e0208200, 0x4808104440420000, 0x2880000001101400, 0x1480000000000818,
	0x4a81108000864028, 0x0420008082904201, 0x5010040010000800, 0x100501048130c000,
	0x0230e09000898087, 0x2085000000402001, 0x040000424020020c, 0x0180ac0000400400,
	0x1000000000000211, 0x0820208221000012, 0x2129024401260244, 0x0090400000948200,
	0x0860a50004440033, 0x0000006015800808, 0x0602038012220120, 0x4604000000000419,
	0x2000040090086001, 0x0010c05220000003, 0x00048004a0420040, 0x0104100000000804,
	0x0910090020002240, 0x50000000000c0000, 0x00404449c2000200, 0x0004b18040000000,
	0x00492000a5241088, 0x0005000800000200, 0x0120801004050000, 0x1000440000880000,
	0x00890203000a2204, 0x0900000400008020, 0x53000c2020020101, 0x022045001900a002,
	0x520a880400410204, 0x0000082242408000, 0x4010002010002038, 0x2180522044040002,
	0x00a8104211082008, 0x0018005005220014, 0xa180000208548120, 0x20112b064a001858,
	0x2080141880880010, 0x0e00020802001010, 0x0000010081040040, 0x04008a8040101000,
	0x1100485910208880, 0x0000080400400100, 0xa009098404208074, 0x20000800401000a0,
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

/* The search has no branch that would have to be foreseen. */
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

/* Which bits are a name's. */
static inline uint64_t name_mark(const uint64_t *words)
{
	uint64_t mark =
		words[0] ^ words[1] * 0xa0761d6478bd642fULL ^ words[2] * 0xd6e8feb86659fd93ULL;

	mark *= 0x9e3779b97f4a7c15ULL;
	mark = (mark ^ mark >> 32) * 0x9e3779b97f4a7c15ULL;
	return mark;
}

static inline bool is_marked(uint64_t mark)
{
	return marks[mark % MARKS / 64] >> mark % 64 & 1;
}

#define HEAD_OF(a, b, c, d, e, f, g, h)                                                            \
	((uint64_t)(a) | (uint64_t)(b) << 8 | (uint64_t)(c) << 16 | (uint64_t)(d) << 24 |          \
		(uint64_t)(e) << 32 | (uint64_t)(f) << 40 | (uint64_t)(g) << 48 |                  \
		(uint64_t)(h) << 56)
#define COSMO_HEAD   HEAD_OF('c', 'o', 's', 'm', 'o', '-', 0, 0)
#define DEBIAN_HEAD  HEAD_OF('d', 'e', 'b', 'i', 'a', 'n', '-', 0)
#define SYSTEMD_HEAD HEAD_OF('s', 'y', 's', 't', 'e', 'm', 'd', '-')

/* The prefixes once more, as numbers. */
static inline bool has_prefix_in(uint64_t word)
{
	return (word ^ COSMO_HEAD) << 16 == 0 || (word ^ DEBIAN_HEAD) << 8 == 0 ||
	       word == SYSTEMD_HEAD;
}

/* Of every look-up of NSS that found somebody nearly always all. */
bool reserved_names_may_have(const uint64_t *words)
{
	uint64_t mark = 0;

	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
		return true;
	mark = name_mark(words);
	if (is_marked(mark >> 51) && is_marked(mark >> 38))
		return true;
	return has_prefix_in(words[0]);
}
