#!/usr/bin/env bash
# Debian packages that tests (or benches) use as independent readers. Usage: system_packages.sh test|bench
# Installs what is missing when root; otherwise says in one sentence what to install.
set -euo pipefail

# command=package: a command (or file) that is there already is taken as it is, on any distribution.
needs="curl=curl openssl=openssl pdfsig=poppler-utils chromium=chromium mutool=mupdf-tools javac=default-jdk-headless softhsm2-util=softhsm2 faketime=faketime"
# Without the fonts that stand in for the base fonts of PDF, readers show other letters than each other.
needs="$needs /usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf=fonts-liberation"
# Without a font for Chinese a browser prints and shows boxes.
needs="$needs /usr/share/fonts/truetype/wqy/wqy-microhei.ttc=fonts-wqy-microhei"
needs="$needs /usr/share/java/pdfbox2.jar=libpdfbox2-java /usr/share/java/bcpkix.jar=libbcpkix-java"
if [ "${1:?test or bench?}" = bench ]; then
    needs="$needs nginx=nginx-light wrk=wrk"
fi

missing=()
for need in $needs; do
    command -v "${need%%=*}" >/dev/null 2>&1 || [ -x "/usr/sbin/${need%%=*}" ] || [ -r "/${need%%=*}" ] || missing+=("${need##*=}")
done
if [ ${#missing[@]} -eq 0 ]; then
    exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "Missing system packages: run as root \`apt install ${missing[*]}\`, then the same command again." >&2
    exit 1
fi
command -v apt-get >/dev/null 2>&1 || {
    echo "Missing system packages and no apt-get here: install ${missing[*]} by your system's own means." >&2
    exit 1
}
echo "Installing system packages for the tests: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
{
    apt-get update -qq &&
        apt-get install -y -qq --no-install-recommends "${missing[@]}"
} </dev/null >/dev/null || {
    echo "apt-get could not install ${missing[*]}." >&2
    exit 1
}
