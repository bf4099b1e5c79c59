# SPDX-License-Identifier: MIT
"""One thing is broken: doctor finds just that, and what it advises, done to the letter, mends it."""

import json
import pathlib
import re

import pytest

from support.doctor import Doctor
from support.host import TestHost
from support.site import Site

SOURCE = pathlib.Path(__file__).resolve().parents[2]
CHECKS = ("files", "programs", "config", "rules", "store", "nsswitch", "pam", "sshd", "sudo", "units")
# Others of doctor's sources have a table of their own.
SOURCES = [SOURCE / f"ctl/doctor_{name}.c" for name in (*CHECKS, "place")]
TARGETS = ("nss", "sshd", "login", "sudo", "su", "cron", "polkit-1", "systemd-user")
CONF, SWITCH, SSHD = "/etc/cosmo-sso/cosmo-sso.conf", "/etc/nsswitch.conf", "/etc/ssh/sshd_config"
DROP_IN = "/etc/ssh/sshd_config.d/30-cosmo-sso.conf"
LIBEXEC = "/usr/libexec/cosmo-sso"
MODULES = "/usr/lib/x86_64-linux-gnu"
UNITS = "/usr/lib/systemd/system"
# What a test may have spoilt; the next one finds it as it was.
KEPT = (" ".join(f"etc/{name}" for name in ("cosmo-sso", "nsswitch.conf", "pam.d", "ssh", "sudoers", "passwd", "group", "shadow", "gshadow"))
        + " var/lib/cosmo-sso var/cache/cosmo-sso usr/libexec/cosmo-sso")
KEPT_UNITS = f"{UNITS[1:]}/cosmo-sso-* {UNITS[1:]}/timers.target.wants etc/systemd/system"
BACKUP = "/root/cosmo-sso.backup"
AGAIN = "Install cosmo-sso again."


def sed(script, path):
    return f"sed -i '{script}' {path}"


def drop_in(name, text):
    return f"echo '{text}' > /etc/ssh/sshd_config.d/{name}.conf"


NO_GATE = "rm /run/cosmo-sso/gate"
OPEN_GATE = "stat -c %i /run/cosmo-sso/gate > /run/gate-was; chmod 666 /run/cosmo-sso/gate"
# What another check finds of the same.
GATE_TOLD = ("store", "the gate is missing, or others than root may write it: everybody is a viewer", "cosmo-ssoctl boot")
AS_WELL = {NO_GATE: [GATE_TOLD], OPEN_GATE: [GATE_TOLD]}


# id: (how it is broken, the check, what is found, how the advice begins)
BROKEN = {
    # files
    "folder_gone": ("rm -rf /var/cache/cosmo-sso", "files", "/var/cache/cosmo-sso is missing", "systemd-tmpfiles"),
    "folder_open": ("chmod 777 /var/cache/cosmo-sso", "files", "/var/cache/cosmo-sso has mode 0777 in place of 0700",
                    "Look at what is in it, for others could write there. Then: chown root:root /var/cache/cosmo-sso && chmod 700 "),
    "folder_theirs": ("chown 65534 /var/cache/cosmo-sso", "files", "/var/cache/cosmo-sso is not root's (owner 65534)", "Look at what is in it"),
    "folder_read": ("chmod 755 /var/cache/cosmo-sso", "files", "/var/cache/cosmo-sso has mode 0755 in place of 0700", "chmod 700"),
    "folder_a_file": ("rm -rf /var/cache/cosmo-sso; touch /var/cache/cosmo-sso", "files", "/var/cache/cosmo-sso is no folder", "mv"),
    "folder_a_loop": ("rm -rf /var/cache/cosmo-sso; ln -s cosmo-sso /var/cache/cosmo-sso", "files",
                      "/var/cache/cosmo-sso cannot be looked at", "mv"),
    "gate_gone": (NO_GATE, "files", "/run/cosmo-sso/gate is missing", "systemd-tmpfiles"),
    "gate_open": (OPEN_GATE, "files", "/run/cosmo-sso/gate has mode 0666 in place of 0644", "chown"),
    # programs
    "helper_open": (f"chmod 777 {LIBEXEC}/cosmo-sso-helper", "programs", f"{LIBEXEC}/cosmo-sso-helper has mode 0777 in place of 0755", AGAIN),
    "judge_theirs": (f"chown 65534 {LIBEXEC}/cosmo-sso-judge", "programs", f"{LIBEXEC}/cosmo-sso-judge is not root's (owner 65534)", AGAIN),
    "module_open": (f"chmod 666 {MODULES}/security/pam_cosmo_sso.so", "programs",
                    f"{MODULES}/security/pam_cosmo_sso.so has mode 0666 in place of 0644", AGAIN),
    "helper_gone": (f"rm {LIBEXEC}/cosmo-sso-helper", "programs", f"{LIBEXEC}/cosmo-sso-helper is missing", AGAIN),
    "module_damaged": (f"cd {MODULES}/security && rm pam_cosmo_sso.so && touch pam_cosmo_sso.so", "programs",
                       f"PAM cannot load our module, and lets everybody pass it: {MODULES}/security/pam_cosmo_sso.so: file too short", AGAIN),
    "plugin_gone": (f"rm {MODULES}/libnss_cosmo.so.2", "programs", "look-ups cannot load our plugin: "
                    "libnss_cosmo.so.2: cannot open shared object file: No such file or directory", AGAIN),
    "user_gone": ("userdel cosmo-sso-fetch", "programs", "the system user cosmo-sso-fetch is missing: nobody can sign in",
                  "systemd-sysusers"),
    # config
    "config_open": (f"chmod 666 {CONF}", "config", f"{CONF} has mode 0666 in place of 0644",
                    f"Look at what it says, for others could write there. Then: chown root:root {CONF} && chmod 644 "),
    "config_elsewhere": (f"mv {CONF} /root/conf; ln -s /root/conf {CONF}", "config", f"{CONF} is a link, which is not followed",
                         "Look at what it leads to. Then: mv"),
    "config_wrong": (f"echo '[nonsense]' >> {CONF}", "config", rf"{CONF}:\d+: unknown section .*", "Edit"),
    "role_of_nobody": (f"printf '[role idle]\\n' >> {CONF}", "config", "no rule gives the role idle: nobody has it", None),
    "ca_open": ("chmod 666 /etc/cosmo-sso/idp-ca.pem", "config", "/etc/cosmo-sso/idp-ca.pem has mode 0666 in place of 0644",
                "Look at what it says"),
    "secret_open": (f"echo x > /etc/cosmo-sso/secret; chmod 644 /etc/cosmo-sso/secret; "
                    + sed("s,^.integration.$,&\\nclient_secret_file = /etc/cosmo-sso/secret,", CONF), "config",
                    "/etc/cosmo-sso/secret has mode 0644 in place of 0600",
                    "chown root:root /etc/cosmo-sso/secret && chmod 600 /etc/cosmo-sso/secret. Afterwards: make a new secret"),
    # rules
    "rule_of_no_pattern": (sed("s/^.rules.$/&\\ndeveloper = eng.*/", CONF), "rules",
                           'Rule "developer = eng.*" has no \'~\', and so it is no pattern: .*', "Edit"),
    # store
    "users_db_damaged": ("dd if=/dev/zero of=/var/lib/cosmo-sso/users.1.db bs=64 count=1 conv=notrunc", "store",
                         r"what look-ups show of users is damaged \[\w+\]", "cosmo-ssoctl repair"),
    "gate_unread": ("dd if=/usr/share/cosmo-sso/gate.fresh of=/run/cosmo-sso/gate conv=notrunc", "store",
                    "the gate was not opened after the boot: everybody is a viewer", "cosmo-ssoctl boot"),
    # nsswitch
    "unknown_users": (sed("/^passwd:/s/ cosmo//", SWITCH), "nsswitch",
                      rf"{SWITCH}:\d+: cosmo is not in the passwd line: people of single sign-on are not known", "cosmo-ssoctl enable nss"),
    "not_last": (sed("/^passwd:/s/$/ sss/", SWITCH), "nsswitch",
                 rf"{SWITCH}:\d+: cosmo has to stand last in the passwd line: people of single sign-on are not known", "cosmo-ssoctl enable nss"),
    "no_merge": (sed("/^group:/s/ .SUCCESS=merge.//", SWITCH), "nsswitch",
                 rf"{SWITCH}:\d+: cosmo has to stand as `files \[SUCCESS=merge\] cosmo` in the group line: roles are not groups",
                 "cosmo-ssoctl enable nss"),
    "initgroups": (f"echo 'initgroups: files cosmo' >> {SWITCH}", "nsswitch",
                   rf"{SWITCH}:\d+: cosmo has to stand as `files \[SUCCESS=continue\] cosmo` in the initgroups line: "
                   "logins do not get the groups of roles", "cosmo-ssoctl enable nss"),
    "notfound": (sed("/^passwd:/s/ cosmo/ [NOTFOUND=return] cosmo/", SWITCH), "nsswitch",
                 rf"{SWITCH}:\d+: \[NOTFOUND=return\] keeps cosmo from being asked in the passwd line: .*", "Edit"),
    "other_return": (sed("/^passwd:/s/ cosmo/ sss [!SUCCESS=return]/", SWITCH), "nsswitch",
                     rf"{SWITCH}:\d+: \[!SUCCESS=return\] keeps cosmo from being asked in the passwd line: .*", "Edit"),
    "no_files": (sed("s/^group:.*/group: sss [SUCCESS=merge] winbind # x/", SWITCH), "nsswitch",
                 rf"{SWITCH}:\d+: the group line has no place for cosmo: roles are not groups", "Edit"),
    "no_line": (sed("/^group:/d", SWITCH), "nsswitch", f"{SWITCH} has no group line: roles are not groups", "echo"),
    "no_switch": (f"rm {SWITCH}", "nsswitch", f"{SWITCH} cannot be read: people of single sign-on are not known", "printf"),
    "nscd": ("mkdir /run/nscd; systemd-run -q --collect --unit=nscd systemd-socket-activate -a -l /run/nscd/socket true; "
             "until [ -S /run/nscd/socket ]; do sleep 0.02; done; printf 'enable-cache passwd no\\nenable-cache\\tgroup\\tyes\\n' > /etc/nscd.conf",
             "nsswitch", "/etc/nscd.conf:2: nscd remembers group entries, roles that have ended included", "Edit"),
    # pam
    "login_forgotten": ("cosmo-ssoctl disable login --yes", "pam",
                        "PAM service login does not ask us in its account phase: roles and locks do not count there",
                        "cosmo-ssoctl enable login"),
    "jobs_forgotten": ("cosmo-ssoctl disable cron --yes", "pam", "PAM service cron does not ask us in its account phase: "
                       "roles and locks do not count there", "cosmo-ssoctl enable cron"),
    "no_auth": (sed("/^auth.*cosmo/d", "/etc/pam.d/login"), "pam",
                "PAM service login does not ask us in its auth phase: nobody can sign in there with a code", "cosmo-ssoctl enable login"),
    "no_session": (sed("/^session.*cosmo/d", "/etc/pam.d/sshd"), "pam", "PAM service sshd does not ask us in its session phase: "
                   "its sessions are not known, and not ended by a disconnect", "cosmo-ssoctl enable sshd"),
    "denial_swallowed": (sed("/^account.*cosmo/s/default=die/default=ignore/", "/etc/pam.d/sudo"), "pam",
                         r"/etc/pam.d/sudo:\d+: our account line of PAM service sudo does not take our no for one: "
                         "whom we refuse may get in all the same", "cosmo-ssoctl enable sudo"),
    "locals_shut_out": (sed("/^auth.*cosmo/s/ ignore=ignore//", "/etc/pam.d/login"), "pam",
                        r"/etc/pam.d/login:\d+: our auth line of PAM service login takes it for a no that we leave local accounts alone: "
                        "they are locked out", "cosmo-ssoctl enable login"),
    "yes_is_not_enough": (sed("/^auth.*cosmo/s/success=done/success=ok/", "/etc/pam.d/login"), "pam",
                          r"/etc/pam.d/login:\d+: our auth line of PAM service login does not go on as it has to after our yes",
                          "cosmo-ssoctl enable login"),
    "passed_by": (sed("1i account sufficient pam_localuser.so", "/etc/pam.d/login"), "pam",
                  r"/etc/pam.d/login:1 may let people in before our account line is reached \(PAM service login\)", "cosmo-ssoctl enable login"),
    "by_hand": ("cosmo-ssoctl disable cron --yes; echo 'account sufficient pam_cosmo_sso.so' >> /etc/pam.d/cron", "pam",
                r"/etc/pam.d/cron:\d+: our account line of PAM service cron does not take our no for one: .*", "Edit"),
    "half_a_block": (sed("/END cosmo-sso/d", "/etc/pam.d/cron"), "pam", "/etc/pam.d/cron holds a damaged block of ours: its end is missing",
                     "Edit"),
    "old_block": (sed("s/umask=0077/umask=0022/", "/etc/pam.d/login"), "pam",
                  "/etc/pam.d/login is not as this version of cosmo-ssoctl writes it", "cosmo-ssoctl enable login"),
    # sshd
    "sshd_refuses": (drop_in("20-no", "Nonsense yes"), "sshd", "sshd refuses its configuration, and would not start: "
                     "/etc/ssh/sshd_config.d/20-no.conf: line 1: Bad configuration option: Nonsense", "Edit"),
    "no_drop_in": (f"rm {DROP_IN}", "sshd", f"{DROP_IN} is missing: nobody can sign in with a code", "cosmo-ssoctl enable sshd"),
    "not_included": (sed("/^Include/d", SSHD), "sshd", f"{SSHD} does not include /etc/ssh/sshd_config.d/*.conf: "
                     "what cosmo-ssoctl writes there does not count", "Edit"),
    "no_pam": (drop_in("00-no", "UsePAM no"), "sshd", "sshd -T does not say `usepam yes`: nobody can sign in with a code", "Edit"),
    "other_methods": (drop_in("00-no", "AuthenticationMethods publickey"), "sshd", "sshd's AuthenticationMethods is `publickey`, "
                      "without keyboard-interactive: nobody can sign in with a code", "printf"),
    "methods_of_ours": (drop_in("00-no", "AuthenticationMethods password\nMatch Group cosmo-users\nAuthenticationMethods publickey # alone"),
                        "sshd", "sshd's AuthenticationMethods is `publickey`, without keyboard-interactive: nobody can sign in with a code", "Edit"),
    "short_grace": (drop_in("00-no", "LoginGraceTime 30"), "sshd", r"sshd ends a login after 30 s \(LoginGraceTime\), but a sign-in may wait for "
                    r"110 s \(deadline of \[service sshd\]\)", "Edit"),
    "long_deadline": (f"printf '[service sshd]\\ndeadline = 5m\\n' >> {CONF}", "sshd",
                      r"sshd ends a login after 120 s \(LoginGraceTime\), but a sign-in may wait for 300 s .*", "echo"),
    "few_startups": (drop_in("99-few", "MaxStartups 10:30:100"), "sshd",
                     r"sshd drops connections from 10 waiting ones on \(MaxStartups\), and \[limits\] lets 42 sign-ins wait", "Edit"),
    "names": (drop_in("00-names", "UseDNS yes"), "sshd",
              "sshd's UseDNS is on: sign-ins are counted by the name that the owner of an address gives it", "Edit"),
    "drop_in_edited": (sed("s/    PasswordAuthentication no/    PasswordAuthentication yes/", DROP_IN), "sshd",
                       f"{DROP_IN} is not as cosmo-ssoctl writes it", "cosmo-ssoctl enable sshd"),
    # sudo
    "no_account_phase": ("echo 'Defaults !pam_acct_mgmt' > /etc/sudoers.d/trap", "sudo",
                         r"sudo does not ask PAM whether an account may use it \(!pam_acct_mgmt\): roles do not count there", "Edit"),
    "no_account_phase_and_more": ("echo 'Defaults !pam_acct_mgmt, !lecture' > /etc/sudoers.d/trap", "sudo",
                                  r"sudo does not ask PAM whether an account may use it \(!pam_acct_mgmt\): roles do not count there",
                                  "Edit /etc/sudoers.d/trap (visudo -f), line 1: write `Defaults !lecture` in its place."),
    "targetpw": ("echo 'Defaults:ALL targetpw, !lecture' > /etc/sudoers.d/trap", "sudo",
                 "sudo asks for the password of whom a command runs as (targetpw): single sign-on judges the caller all the same, "
                 "see SU AND SUDO in pam_cosmo_sso(8)", None),
    "rootpw_of_login": ("echo 'Defaults rootpw, pam_service=login' >> /etc/sudoers", "sudo", r"sudo asks for the password of root \(rootpw\), "
                        "and PAM service login, which does not know who is calling: the caller's roles do not count there", None),
    "other_service": ("echo 'Defaults pam_service=other' > /etc/sudoers.d/trap", "sudo",
                      r"sudo asks PAM service other \(pam_service\), which does not ask us: roles do not count there", "Edit"),
    "sudoers_wrong": ("echo nonsense > /etc/sudoers.d/trap", "sudo", "sudo refuses its configuration: /etc/sudoers.d/trap:1:9: syntax error",
                      "Edit"),
    # units
    "timer_stopped": ("systemctl stop cosmo-sso-check.timer", "units",
                      "cosmo-sso-check.timer is inactive: the provider is not asked whether it still knows this host", "systemctl restart"),
    "socket_masked": ("systemctl mask --now -q cosmo-sso-helper.socket", "units",
                      "cosmo-sso-helper.socket is masked: sign-ins are decided inside the session of who asks", "systemctl unmask"),
    "timer_unwanted": (f"rm {UNITS}/timers.target.wants/cosmo-sso-refresh.timer; systemctl daemon-reload", "units",
                       "cosmo-sso-refresh.timer is not started at boot: the provider is not asked about roles in the background", "systemctl enable"),
    "boot_masked": ("systemctl mask -q cosmo-sso-boot.service", "units",
                    "cosmo-sso-boot.service is masked: everybody is a viewer after a boot", "systemctl unmask"),
    "timer_gone": (f"systemctl stop cosmo-sso-refresh.timer; rm -r {UNITS}/cosmo-sso-refresh.timer /etc/systemd/system/cosmo-sso-refresh.timer.d; "
                   "systemctl daemon-reload", "units",
                   "systemd does not have cosmo-sso-refresh.timer: the provider is not asked about roles in the background", AGAIN),
}  # fmt: skip


# What nobody but a person can mend: (how it is broken, the check, what is found, the whole advice, what a person does then).
PUT_BACK = "tar -xpf /run/kept.tar -C /"
LONG = " ".join(["publickey,password", "publickey,hostbased"] * 8)
BY_HAND = {
    "config_gone": (f"rm {CONF}", "config", f"{CONF} is missing",
                    "Write it as cosmo-sso.conf(5) says. Then: cosmo-ssoctl apply", f"{PUT_BACK}; cosmo-ssoctl apply"),
    "config_a_folder": (f"rm {CONF}; mkdir {CONF}", "config", f"{CONF} is no regular file",
                        f"mv {CONF} {CONF}.old. Afterwards: Write it as cosmo-sso.conf(5) says. Then: cosmo-ssoctl apply",
                        f"mv {CONF} {CONF}.old; {PUT_BACK}; cosmo-ssoctl apply"),
    "ca_gone": ("rm /etc/cosmo-sso/idp-ca.pem", "config", "/etc/cosmo-sso/idp-ca.pem is missing",
                "Write the CA's certificates into that file.", PUT_BACK),
    "secret_gone": (sed("s,^.integration.$,&\\nclient_secret_file = /etc/cosmo-sso/client-secret,", CONF), "config", "/etc/cosmo-sso/client-secret is missing",
                    "Write the client's secret into that file, as root with umask 077.", "umask 077; echo secret > /etc/cosmo-sso/client-secret"),
    "no_bracket": (sed("/^passwd:/s/ cosmo/ [NOTFOUND=return cosmo/", SWITCH), "nsswitch",
                   rf"{SWITCH}:\d+: the passwd line has no place for cosmo: people of single sign-on are not known",
                   rf"Edit {SWITCH}, line \d+: put in the \] that an action lacks, or leave 64 words\. Then: cosmo-ssoctl enable nss",
                   sed("/^passwd:/s/ .NOTFOUND=return cosmo//", SWITCH) + "; cosmo-ssoctl enable nss --yes"),
    "switch_no_text": (f"printf 'x\\0y' > {SWITCH}", "nsswitch", f"{SWITCH} cannot be read: people of single sign-on are not known",
                       f"Look at {SWITCH}: it is no text, or too long for one. Then: cosmo-ssoctl enable nss", PUT_BACK),
    "open_end": ("cosmo-ssoctl disable login --yes; echo 'session optional pam_permit.so \\' >> /etc/pam.d/login", "pam",
                 "PAM service login does not ask us in its account phase: roles and locks do not count there",
                 "Edit /etc/pam.d/login (/etc/pam.d/login has a line that is to be continued (\\) where ours must stand; mend that first). "
                 "Then: cosmo-ssoctl enable login", "sed -i '$d' /etc/pam.d/login; cosmo-ssoctl enable login --yes"),
    "no_host_keys": ("rm /etc/ssh/ssh_host_*", "sshd", r"sshd refuses its configuration, and would not start: .*no hostkeys available.*",
                     r"Edit what sshd -t names\. Then: systemctl reload ssh", "ssh-keygen -A"),
    "long_methods": (drop_in("00-no", f"AuthenticationMethods {LONG}"), "sshd",
                     r"sshd's AuthenticationMethods is `(publickey,\w+ )+.*`, without keyboard-interactive: nobody can sign in with a code",
                     "Edit /etc/ssh/sshd_config: let Match Group cosmo-users at its end have the same methods, and behind them "
                     "`keyboard-interactive`. Then: systemctl reload ssh",
                     f"printf '\\nMatch Group cosmo-users\\n    AuthenticationMethods {LONG} keyboard-interactive\\nMatch all\\n' >> {SSHD}"),
    "trap_elsewhere": ("echo 'Defaults !pam_acct_mgmt' > /etc/cosmo-sso/trap; echo '@include /etc/cosmo-sso/trap' > /etc/sudoers.d/trap", "sudo",
                       "sudo does not ask PAM whether an account may use it (!pam_acct_mgmt): roles do not count there",
                       "Edit /etc/sudoers and what it includes (visudo): take `!pam_acct_mgmt` out.", "rm /etc/cosmo-sso/trap /etc/sudoers.d/trap"),
    "no_sudoers": ("rm /etc/sudoers", "sudo", r"sudo refuses its configuration: .*unable to open /etc/sudoers.*",
                   "Edit what `visudo -c` names.", PUT_BACK),
}  # fmt: skip


# With such a line the C library knows no user at all, those of the system included.
OTHERS_TOO = {"no_bracket"}

# What cannot be looked at is no fault, and does not pass for good: (what is done, the check, what is told, how it is undone).
def hidden(path):
    return f"mv {path} {path}.hidden", f"mv {path}.hidden {path}"


def in_place_of(path, text):
    return f"printf '{text}' > /run/in-its-place; chmod 755 /run/in-its-place; mount --bind /run/in-its-place {path}", f"umount {path}"


NOT_LOOKED_AT = {
    "no_sshd": (hidden("/usr/sbin/sshd"), "sshd", ["there is no sshd on this host"]),
    "sshd_says_nothing": (in_place_of("/usr/sbin/sshd", "#!/bin/sh\\n[ $1 = -t ]\\n"), "sshd", ["sshd -T does not tell its settings"]),
    "no_sudo": (hidden("/usr/bin/sudo"), "sudo", ["there is no sudo on this host"]),
    "no_cvtsudoers": (hidden("/usr/bin/cvtsudoers"), "sudo", ["there is no /usr/bin/cvtsudoers on this host"]),
    "cvtsudoers_no_program": (in_place_of("/usr/bin/cvtsudoers", "no program\\n"), "sudo",
                             ["/usr/bin/cvtsudoers cannot be run"]),
    "no_systemd": (hidden("/run/systemd/system"), "units",
                   ["there is no systemd here: have an init script run `cosmo-ssoctl boot`, and cron run `cosmo-ssoctl check` and "
                    "`refresh` with --timer"]),
    "systemd_says_nothing": (in_place_of("/usr/bin/systemctl", "#!/bin/sh\\nexit 1\\n"), "units",
                             [f"systemd does not tell of cosmo-sso-{name}" for name in
                              ("helper.socket", "check.timer", "refresh.timer", "boot.service")]),
}  # fmt: skip


METHODS_OF = "sshd -T -C user={},host=h,addr=192.0.2.1 | grep -qix 'authenticationmethods {}'"
# id: what holds when it has been mended: the advice took nothing else away.
STAYS = {
    "gate_open": "[ $(stat -c %i /run/cosmo-sso/gate) = $(cat /run/gate-was) ]",
    "other_return": f"grep -q '^passwd: .* sss *cosmo *$' {SWITCH}",
    "no_files": f"grep -q '^group: files .SUCCESS=merge. cosmo sss .SUCCESS=merge. winbind$' {SWITCH}",
    "other_methods": f"{METHODS_OF.format('root', 'publickey')} && {METHODS_OF.format('newcomer', 'publickey keyboard-interactive')}",
    "methods_of_ours": f"{METHODS_OF.format('root', 'password')} && {METHODS_OF.format('newcomer', 'publickey keyboard-interactive')}",
}


# Likewise, but the host is connected anew by what mends it: what is found next is mended as well, and nothing put back.
DISCONNECTED = "this host is disconnected: everybody is a viewer"
NEVER = "this host was never connected to a provider"
ANEW = {
    "record_damaged": ("echo x > /var/lib/cosmo-sso/private/users/zed; chmod 600 /var/lib/cosmo-sso/private/users/zed", "store",
                       "the record of zed is damaged: its owner is locked, without a role", "Restore"),
    "seed_damaged": ("echo x > /var/lib/cosmo-sso/private/uid_seed", "store",
                     r"the seed of uids is damaged: nobody new can be enrolled \[\w+\]", "Restore"),
    "integration_damaged": ("echo x > /var/lib/cosmo-sso/private/integration", "store",
                            r"the record of the integration is damaged: everybody is a viewer \[\w+\]", "cosmo-ssoctl disconnect"),
    "copied": ("systemd-id128 new > /etc/machine-id", "store", "the users are another machine's: this host is a copy, was restored, "
               "or its machine-id changed", "cosmo-ssoctl adopt"),
    "disconnected": ("cosmo-ssoctl disconnect", "store", DISCONNECTED, "cosmo-ssoctl connect"),
    "never_connected": ("cosmo-ssoctl disconnect; rm /var/lib/cosmo-sso/private/integration", "store", NEVER, "cosmo-ssoctl connect"),
    "not_disconnected": ("mount --bind /var/lib/cosmo-sso /var/lib/cosmo-sso; mount -o remount,bind,ro /var/lib/cosmo-sso; "
                         "cosmo-ssoctl disconnect; umount --lazy /var/lib/cosmo-sso", "store",
                         "steps of the disconnect are left", "cosmo-ssoctl disconnect"),
}  # fmt: skip


@pytest.fixture(scope="module")
def doctor(the_idp, build_dir):
    the_idp.reset()
    with TestHost() as host:
        site = Site(the_idp, host)
        host.install(build_dir)
        host.boot()
        site.connect()
        host.run(["cosmo-ssoctl", "enable", *TARGETS, "--yes"])
        host.run(["cosmo-ssoctl", "backup", BACKUP])
        host.run(f"tar -cpf /run/kept.tar -C / {KEPT}; cd /; tar -cpf /run/kept-units.tar {KEPT_UNITS}")
        doctor = Doctor(host, CHECKS)
        doctor.build_dir = build_dir
        yield doctor


@pytest.fixture
def again(doctor, request):
    """Whatever a test has spoilt is as it was."""
    yield
    doctor.host.run("rm -rf /etc/ssh/sshd_config.d /etc/sudoers.d/trap /etc/nscd.conf /run/nscd /var/cache/cosmo-sso*; tar -xpf /run/kept.tar -C /")
    if getattr(request.node, "callspec", None) and request.node.callspec.params["check"] == "units":
        doctor.host.run("rm -rf /etc/systemd/system/*; tar -xpf /run/kept-units.tar -C / && systemctl daemon-reload")


def test_doctor__host_as_the_manual_says__finds_nothing(doctor):
    done = doctor.run()
    *lines, last = done.stdout.splitlines()
    assert done.returncode == 0 and [line.split()[:2] for line in lines] == [["ok", name] for name in CHECKS], done
    assert last == "Nothing is wrong."
    assert {finding["state"] for finding in json.loads(doctor.run("--json").stdout)} == {"ok"}


def test_doctor__provider_of_a_host_as_the_manual_says__is_as_it_should_be(doctor):
    """The other checks, too; their faults are in tests/integration/test_doctor_idp.py, and of a person in test_doctor_user.py."""
    done = doctor.host.run(["cosmo-ssoctl", "doctor", "--json"], check=False)
    assert done.returncode == 0, done
    assert {"dns", "proxy", "ca", "discovery", "keys", "client", "clock", "lease"} <= {
        finding["check"] for finding in json.loads(done.stdout) if finding["state"] == "ok"}, done
    done = doctor.host.run(["cosmo-ssoctl", "doctor", "--user", "root"], check=False)
    assert done.returncode == 0 and "root is a local user: single sign-on leaves the account alone" in done.stdout, done


@pytest.mark.parametrize("spoil, check, what, advice", BROKEN.values(), ids=BROKEN.keys())
def test_doctor__one_thing_broken__is_found_alone_and_mended(doctor, again, request, spoil, check, what, advice):
    doctor.host.run(spoil)
    found = doctor.findings()
    assert found[0]["check"] == check, found
    assert [(other["check"], other["what"], other["mend"]) for other in found[1:]] == AS_WELL.get(spoil, [])
    assert found[0]["what"] == what or re.fullmatch(what, found[0]["what"]), found
    if advice is None:
        assert found[0]["mend"] is None
        return
    assert found[0]["mend"].startswith(advice), found
    if advice == AGAIN:
        doctor.host.install(doctor.build_dir)
        found[0]["mend"] = found[0]["mend"].removeprefix(AGAIN).removeprefix(" Then: ") or "true"
    doctor.mend(found[0]["mend"])
    assert doctor.findings() == []
    doctor.host.run(STAYS.get(request.node.callspec.id, "true"))


@pytest.mark.parametrize("spoil, check, what, advice, by_hand", BY_HAND.values(), ids=BY_HAND.keys())
def test_doctor__what_a_person_has_to_mend__is_told_in_full(doctor, again, request, spoil, check, what, advice, by_hand):
    doctor.host.run(spoil)
    found = doctor.findings()
    (finding,) = [finding for finding in found if finding["check"] == check]
    assert found == [finding] or request.node.callspec.id in OTHERS_TOO, found
    assert finding["what"] == what or re.fullmatch(what, finding["what"]), found
    assert finding["mend"] == advice or re.fullmatch(advice, finding["mend"]), found
    doctor.host.run(by_hand)
    assert doctor.findings() == []


@pytest.mark.parametrize("change, check, told", NOT_LOOKED_AT.values(), ids=NOT_LOOKED_AT.keys())
def test_doctor__what_cannot_be_looked_at__is_not_called_good(doctor, change, check, told):
    spoil, undo = change
    doctor.host.run(spoil)
    try:
        done = doctor.host.run(["cosmo-ssoctl", "doctor", "--check", check, "--json"], check=False)
        assert [(finding["state"], finding["what"]) for finding in json.loads(done.stdout)] == [("not_checked", text) for text in told]
        assert done.returncode == 0, done
    finally:
        doctor.host.run(undo)


def test_doctor__more_than_it_can_hold__says_how_many_are_left(doctor, again):
    rules = "".join(f"developer = eng{number}.*\n" for number in range(140))
    doctor.host.put(CONF, doctor.host.read(CONF).replace("[rules]\n", f"[rules]\n{rules}"))
    done = doctor.run()
    assert re.search(r"^\d+ more were found: mend these first, and run it again\.$", done.stdout, re.MULTILINE), done.stdout[-500:]


@pytest.mark.parametrize("spoil, check, what, advice", ANEW.values(), ids=ANEW.keys())
def test_doctor__connection_broken__is_found_and_mended(doctor, spoil, check, what, advice):
    doctor.host.run(spoil)
    found = doctor.findings()
    assert len(found) == 1 and found[0]["mend"].startswith(advice), found
    assert found[0]["what"] == what or re.fullmatch(what, found[0]["what"]), found
    doctor.mend(found[0]["mend"].removeprefix("Restore a backup: ").replace("FILE", BACKUP))
    rest = doctor.findings()
    assert [finding["what"] for finding in rest] in ([], [DISCONNECTED], [NEVER])
    for finding in rest:
        doctor.mend(finding["mend"])
    assert doctor.findings() == []


def forms(path):
    """The formats of all that is told there, as regular expressions."""
    text = path.read_text()
    words = dict(re.findall(r'^#define (\w+)\s+"(.*)"$', text, re.MULTILINE)) | {
        "HOST_NSSWITCH": SWITCH, "HOST_SSHD_DROPIN": DROP_IN, "COSMO_CONF_FILE": CONF, "PRId64": "d"}
    for call in re.findall(r"\bdoctor_(?:wrong|note)\(\s*\w+(?:->list)?,\s*([^;]*)\);", text):
        form, at = "", 0
        for token in re.finditer(r'\s*(?:"((?:[^"\\]|\\.)*)"|(\w+))', call):
            if token.start() != at:
                break
            form, at = form + (token[1] if token[1] is not None else words[token[2]]), token.end()
        yield ".+".join(re.escape(part) for part in re.split(r"%(?:\.\*)?(?:04o|[sud])", form))


def test_doctor__texts_of_its_sources__are_all_among_those_above():
    texts = [what.replace("\\", "") for _, _, what, _ in (BROKEN | ANEW).values()]
    texts += [what.replace("\\", "") for _, _, what, _, _ in BY_HAND.values()]
    texts += [what for others in AS_WELL.values() for _, what, _ in others]
    told = [(path.name, form) for path in SOURCES for form in forms(path)]
    assert len(told) > 40
    assert not [found for found in told if not any(re.fullmatch(found[1], text) for text in texts)]


def test_doctor__help__names_every_check(doctor):
    text = doctor.run("--help").stdout
    named = set(re.search(r"may be repeated: ([\w, \n]+?)\n  --", text).group(1).replace(",", " ").split())
    declared = set(re.findall(r"struct doctor_check doctor_check_(\w+);", (SOURCE / "ctl/doctor.h").read_text()))
    assert named == declared and set(CHECKS) <= declared
