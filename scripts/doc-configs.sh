#!/usr/bin/env bash
# Writes every complete configuration of the documentation into a folder, so that `sluice check` can read it.
#   scripts/doc-configs.sh FOLDER
# A complete configuration is a ```yaml block whose first line is `# sluice.yaml`. Its file is named after its page and
# the line it begins at, as in docs-filters-31.yaml.
set -euo pipefail

[ $# -eq 1 ] || {
  echo "usage: scripts/doc-configs.sh FOLDER" >&2
  exit 2
}
mkdir -p "$1"
folder=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."

shopt -s nullglob
for page in *.md docs/*.md docs/*/*.md; do
  awk -v folder="$folder" -v page="${page%.md}" '
    BEGIN { gsub("/", "-", page) }
    /^```$/ { if (file != "") close(file); file = "" }
    fence && $0 == "# sluice.yaml" { file = folder "/" page "-" FNR ".yaml" }
    { fence = ($0 == "```yaml") }
    file != "" { print > file }
  ' "$page"
done
