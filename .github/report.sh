#!/usr/bin/env bash
# Open an issue titled $TITLE with the end of a report, or add a comment to the open one.
set -euo pipefail
run="$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID"
body=$(printf 'The end of what it said ([the whole run](%s)):\n\n```\n%s\n```\n' "$run" \
  "$(tail -n 60 "$1" | cut -c1-500)")
number=$(gh issue list --state open --json number,title \
  --jq "map(select(.title == env.TITLE)) | .[0].number // empty")
if [ -n "$number" ]; then
  gh issue comment "$number" --body "$body"
else
  gh issue create --title "$TITLE" --body "$body"
fi
