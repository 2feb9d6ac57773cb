-- Commits of a merged request that somebody pushed to the branch, where the platform would have merged. They can hold more than the
-- head that was approved: false where git shows that they do not, null where it does not tell.
with

commit_changes as (

    select * from {{ ref('int_commit_changes') }}
    where change_kind = 'pull_request' and is_first_branch and event_type in ('push', 'force_push')

),

git_commits as (

    select * from {{ ref('stg_git__first_parent_commits') }}

),

requests as (

    select * from {{ ref('stg_github__pull_requests') }}

),

request_commits as (

    select * from {{ ref('stg_github__pull_request_commits') }}

),

pull_commits as (

    select * from {{ ref('stg_git__pull_commits') }}

),

activity as (

    select * from {{ ref('stg_github__activity') }}

),

final as (

    select
        commit_changes.item_key,
        commit_changes.instance,
        commit_changes.repository_id,
        commit_changes.branch,
        commit_changes.sha,
        commit_changes.committer_email,
        activity.actor_id as pushed_by_id,
        activity.actor_login as pushed_by_login,
        activity.actor_type as pushed_by_type,
        case
            when commit_changes.patch_id = heads.cumulative_patch_id then false
            when commit_changes.first_parent_sha = heads.merge_base then git_commits.tree <> heads.tree
            when commit_changes.patch_id <> heads.cumulative_patch_id then true
        end as is_substantive
    from commit_changes
    inner join git_commits
        on
            git_commits.repository_id = commit_changes.repository_id
            and git_commits.branch = commit_changes.branch
            and git_commits.sha = commit_changes.sha
    inner join requests
        on requests.repository_id = commit_changes.repository_id and requests.pull_request_id = commit_changes.pull_request_id
    left join request_commits
        on
            request_commits.repository_id = commit_changes.repository_id
            and request_commits.pull_request_id = commit_changes.pull_request_id
            and request_commits.oid = commit_changes.sha
    left join pull_commits as heads
        on
            heads.repository_id = requests.repository_id
            and heads.number = requests.number
            and heads.sha = requests.head_oid
    left join activity
        on activity.repository_id = commit_changes.repository_id and activity.activity_id = commit_changes.event_id
    where request_commits.oid is null

)

select * from final
