with

commit_changes as (

    select * from {{ ref('int_commit_changes') }}

),

changes as (

    select * from {{ ref('int_changes') }}

),

final as (

    select
        changes.item_key,
        commit_changes.repository_id,
        commit_changes.branch,
        commit_changes.position,
        commit_changes.sha,
        commit_changes.first_parent_sha,
        commit_changes.mapping,
        commit_changes.author_email,
        commit_changes.committer_email,
        commit_changes.authored_at,
        commit_changes.committed_at,
        commit_changes.occurred_at as reached_branch_at,
        commit_changes.is_time_estimated,
        commit_changes.subject,
        commit_changes.patch_id,
        commit_changes.lost_at
    from commit_changes
    inner join changes on changes.item_key = commit_changes.item_key

)

select * from final
