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
    code=0
    said=$(chargehand upgrade 2>&1) || code=$?
    if [ "$code" = 3 ]; then
      # There is no socket to ask it by (admin: false): its signal means the same, and its log says what came of it.
      systemctl kill --signal=SIGUSR2 --kill-who=main chargehand.service || true
    else
      echo "$said"
      [ "$code" = 0 ] || echo 'chargehand: the version before goes on running; systemctl restart chargehand ends it' >&2
    fi
  fi
fi
