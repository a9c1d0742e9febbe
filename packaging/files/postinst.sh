# Runs after the files are in place, on a first installation and on an upgrade, for deb and rpm alike.
systemd-sysusers /usr/lib/sysusers.d/chargehand.conf >/dev/null 2>&1 || true
version=$(systemctl --version 2>/dev/null | sed -n '1s/^systemd \([0-9]*\).*/\1/p')
if [ "${version:-0}" -ge 253 ]; then
  mkdir -p /usr/lib/systemd/system/chargehand.service.d
  ln -sf /usr/lib/chargehand/systemd/notify-reload.conf /usr/lib/systemd/system/chargehand.service.d/notify-reload.conf
fi
if [ -d /run/systemd/system ]; then
  systemd-tmpfiles --create /usr/lib/tmpfiles.d/chargehand.conf >/dev/null 2>&1 || true
  systemctl daemon-reload >/dev/null 2>&1 || true
  # A running service takes over its new version by itself: sessions stay, no attempt is refused.
  if systemctl is-active --quiet chargehand.service; then
    chargehand upgrade || echo 'chargehand: the version before goes on running; systemctl restart chargehand ends it' >&2
  fi
fi
