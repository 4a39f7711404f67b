"""What GitHub's API answers with: each object whole, from the few values that a test gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

API, SITE = "https://api.github.example", "https://github.example"
CREATED = "2026-11-25T09:00:00Z"

Given = Mapping[str, Any]

_OF_A_USER = (
    "followers", "following", "gists", "starred", "subscriptions", "organizations", "repos", "events",
    "received_events",
)  # fmt: skip
_OF_A_REPOSITORY = (
    "archive", "assignees", "blobs", "branches", "collaborators", "comments", "commits", "compare", "contents",
    "contributors", "deployments", "downloads", "events", "forks", "git_commits", "git_refs", "git_tags", "git",
    "hooks", "issue_comment", "issue_events", "issues", "keys", "labels", "languages", "merges", "milestones",
    "notifications", "pulls", "releases", "ssh", "stargazers", "statuses", "subscribers", "subscription", "tags",
    "teams", "trees", "clone", "svn",
)  # fmt: skip
_COUNTS = (
    "forks", "forks_count", "stargazers_count", "watchers_count", "watchers", "size", "open_issues_count",
    "open_issues",
)  # fmt: skip
_FLAGS = ["private", "has_issues", "has_projects", "has_wiki", "has_pages", "has_downloads", "archived", "disabled"]
_OF_A_PULL = ["diff", "patch", "issue", "commits", "review_comments", "review_comment", "comments", "statuses"]


def user(login: str) -> dict[str, Any]:
    url = f"{API}/users/{login}"
    return {
        "login": login,
        "id": 1,
        "node_id": "U",
        "avatar_url": f"{SITE}/{login}.png",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{SITE}/{login}",
        **{f"{name}_url": f"{url}/{name}" for name in _OF_A_USER},
        "type": "Bot" if login.endswith("[bot]") else "User",
        "site_admin": False,
    }


def private_user(login: str) -> dict[str, Any]:
    """The user that a token belongs to."""
    counts = ("public_repos", "public_gists", "followers", "following")
    owned = ("private_gists", "total_private_repos", "owned_private_repos", "disk_usage", "collaborators")
    words = ("name", "company", "blog", "location", "email", "bio")
    return {
        **user(login),
        **dict.fromkeys(words, ""),
        **dict.fromkeys((*counts, *owned), 0),
        "hireable": None,
        "created_at": CREATED,
        "updated_at": CREATED,
        "two_factor_authentication": True,
        "user_view_type": "private",
    }


def label(name: str, given: Given | None = None) -> dict[str, Any]:
    url = f"{API}/labels/{name}"
    plain = {"id": 1, "node_id": "L", "url": url, "description": None, "color": "ededed", "default": False}
    return {**plain, **(given or {}), "name": name}


def comment(given: Given, repository: str) -> dict[str, Any]:
    return {
        "node_id": "C",
        "url": f"{API}/repos/{repository}/issues/comments/{given['id']}",
        "issue_url": f"{API}/repos/{repository}/issues/{given['thread']}",
        "created_at": CREATED,
        "updated_at": CREATED,
        "author_association": "NONE",
        **{key: value for key, value in given.items() if key != "thread"},
        "user": given["user"] and user(given["user"]["login"]),
    }


def issue(given: Given, repository: str) -> dict[str, Any]:
    url = f"{API}/repos/{repository}/issues/{given['number']}"
    return {
        "node_id": "I",
        "url": url,
        "repository_url": f"{API}/repos/{repository}",
        **{f"{name}_url": f"{url}/{name}" for name in ("labels", "comments", "events")},
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "locked": False,
        "comments": 0,
        "closed_at": None if given["state"] == "open" else CREATED,
        "created_at": CREATED,
        "updated_at": CREATED,
        "author_association": "NONE",
        **given,
        "user": given["user"] and user(given["user"]["login"]),
        "labels": [label(each["name"]) for each in given["labels"]],
    }


def pull(given: Given, repository: str) -> dict[str, Any]:
    """A pull request as it is in a list."""
    url = f"{API}/repos/{repository}/pulls/{given['number']}"
    links = ("self", "html", "issue", "comments", "review_comments", "review_comment", "commits", "statuses")
    plain: dict[str, Any] = {
        "url": url,
        "id": given["number"],
        "node_id": "P",
        "html_url": f"{SITE}/{repository}/pull/{given['number']}",
        **{f"{name}_url": f"{url}/{name}" for name in _OF_A_PULL},
        "state": "open",
        "locked": False,
        "title": "t",
        "body": None,
        "labels": [],
        "milestone": None,
        "created_at": CREATED,
        "updated_at": CREATED,
        "closed_at": None,
        "merged_at": None,
        "merge_commit_sha": None,
        "assignee": None,
        "_links": {name: {"href": f"{url}/{name}"} for name in links},
        "author_association": "NONE",
        "auto_merge": None,
        **given,
        "user": user(given.get("user", {"login": "someone"})["login"]),
    }
    for side in ("head", "base"):
        plain[side] = _side(given[side], repository)
    return plain


def whole_pull(given: Given, repository: str) -> dict[str, Any]:
    """A pull request that was asked for by its number."""
    counts = ("additions", "deletions", "changed_files", "comments", "review_comments", "commits")
    return {
        **pull(given, repository),
        **dict.fromkeys(counts, 0),
        "mergeable": None,
        "mergeable_state": "unknown",
        "merged": given["merged"],
        "merged_by": None,
        "maintainer_can_modify": False,
    }


def ref(name: str, sha: str, repository: str) -> dict[str, Any]:
    url = f"{API}/repos/{repository}/git"
    target = {"type": "commit", "sha": sha, "url": f"{url}/commits/{sha}"}
    return {"ref": name, "node_id": "R", "url": f"{url}/{name}", "object": target}


def commit(sha: str, tree: str, parents: list[str], message: str, repository: str) -> dict[str, Any]:
    url = f"{API}/repos/{repository}/git"
    by = {"name": "n", "email": "e@localhost", "date": CREATED}
    return {
        "sha": sha,
        "node_id": "C",
        "url": f"{url}/commits/{sha}",
        "html_url": f"{SITE}/{repository}/commit/{sha}",
        "author": by,
        "committer": by,
        "message": message,
        "tree": {"sha": tree, "url": f"{url}/trees/{tree}"},
        "parents": [
            {"sha": each, "url": f"{url}/commits/{each}", "html_url": f"{SITE}/{repository}/commit/{each}"}
            for each in parents
        ],
        "verification": {
            "verified": False,
            "reason": "unsigned",
            "signature": None,
            "payload": None,
            "verified_at": None,
        },
    }


def tree(sha: str, entries: list[dict[str, Any]], repository: str) -> dict[str, Any]:
    return {"sha": sha, "url": f"{API}/repos/{repository}/git/trees/{sha}", "tree": entries, "truncated": False}


def blob(sha: str, repository: str) -> dict[str, Any]:
    return {"sha": sha, "url": f"{API}/repos/{repository}/git/blobs/{sha}"}


def _side(given: Given, repository: str) -> dict[str, Any]:
    """The head or the base of a pull request. The repository of a head may be gone."""
    repo = given.get("repo", {"full_name": repository, "fork": False})
    owner = (repo or {"full_name": repository})["full_name"].partition("/")[0]
    plain = {"label": f"{owner}:branch", "ref": "branch", "sha": "a" * 40, "user": user(owner)}
    return {**plain, **given, "repo": repo and _repository(repo)}


def _repository(given: Given) -> dict[str, Any]:
    owner, _, name = given["full_name"].partition("/")
    url = f"{API}/repos/{given['full_name']}"
    return {
        "id": 1,
        "node_id": "R",
        "name": name,
        "owner": user(owner),
        "html_url": f"{SITE}/{given['full_name']}",
        "url": url,
        **{f"{each}_url": f"{url}/{each}" for each in _OF_A_REPOSITORY},
        **dict.fromkeys(_COUNTS, 0),
        **dict.fromkeys(_FLAGS, False),
        **dict.fromkeys(("license", "description", "mirror_url", "homepage", "language")),
        **dict.fromkeys(("pushed_at", "created_at", "updated_at"), CREATED),
        "default_branch": "main",
        **given,
    }
