# Runs before the files go, when the package is removed (not on an upgrade).
if [ -d /run/systemd/system ]; then
  systemctl --no-reload disable --now chargehand.service >/dev/null 2>&1 || true
fi
