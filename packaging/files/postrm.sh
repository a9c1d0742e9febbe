# Runs after the files are gone.
if [ ! -e /usr/lib/chargehand/systemd/notify-reload.conf ]; then
  rm -f /usr/lib/systemd/system/chargehand.service.d/notify-reload.conf
  rmdir /usr/lib/systemd/system/chargehand.service.d 2>/dev/null || true
fi
if [ -d /run/systemd/system ]; then systemctl daemon-reload >/dev/null 2>&1 || true; fi
