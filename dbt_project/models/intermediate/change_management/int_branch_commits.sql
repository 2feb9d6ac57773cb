-- Every first-parent commit of a production branch with the platform event that brought it there.
-- A branch is walked along its positions: on a line of history a commit came with the nearest event tip at or above it.
with

git_commits as (

    select * from {{ ref('stg_git__first_parent_commits') }}

),

branches as (

    select * from {{ ref('int_production_branches') }}

),

heads as (

    select * from {{ ref('stg_git__branch_heads') }}

),

activity as (

    select * from {{ ref('stg_github__activity') }}
    where activity_type in ('push', 'force_push', 'pr_merge', 'merge_queue_merge')

),

merged_requests as (

    select * from {{ ref('stg_github__pull_requests') }}
    where merged_at is not null

),

-- commits that a rewrite removed: a line of history of its own
lost as (

    select
        heads.repository_id,
        heads.branch,
        lost_commit.item as sha,
        min(heads.collected_at) as lost_at
    from heads
    {{ json_items('heads.lost_commits', '$', 'lost_commit') }}
    group by heads.repository_id, heads.branch, lost_commit.item

),

commits as (

    select
        branches.instance,
        git_commits.instance as git_instance,
        git_commits.repository_id,
        git_commits.branch,
        git_commits.sha,
        git_commits.position,
        git_commits.first_parent_sha,
        git_commits.second_parent_sha,
        git_commits.author_name,
        git_commits.author_email,
        git_commits.authored_at,
        git_commits.committer_email,
        git_commits.committed_at,
        git_commits.subject,
        git_commits.co_authors,
        git_commits.patch_id,
        git_commits.record_key,
        git_commits.collection_id,
        git_commits.collected_at,
        git_commits.payload_sha256,
        git_commits.first_collected_at,
        lost.lost_at,
        coalesce(cast(lost.lost_at as string), 'current') as line,
        min(case when lost.lost_at is not null then git_commits.position end) over (
            partition by git_commits.repository_id, git_commits.branch, lost.lost_at
        ) as line_starts_at
    from git_commits
    inner join branches
        on branches.repository_id = git_commits.repository_id and branches.branch = git_commits.branch
    left join lost
        on
            lost.repository_id = git_commits.repository_id
            and lost.branch = git_commits.branch
            and lost.sha = git_commits.sha

),

-- from_position: the last position that was on the branch before the event, where that is known
events as (

    select
        activity.activity_id,
        activity.activity_type,
        activity.occurred_at as event_at,
        tips.repository_id,
        tips.branch,
        tips.sha,
        tips.position,
        tips.line,
        tips.line_starts_at,
        case
            when before_tips.line = tips.line or before_tips.line = 'current' then before_tips.position
            when before_tips.line is not null then before_tips.line_starts_at - 1
        end as from_position
    from activity
    inner join commits as tips
        on
            tips.repository_id = activity.repository_id
            and tips.branch = activity.branch
            and tips.sha = activity.after_sha
    left join commits as before_tips
        on
            before_tips.repository_id = activity.repository_id
            and before_tips.branch = activity.branch
            and before_tips.sha = activity.before_sha
    qualify row_number() over (
        partition by tips.repository_id, tips.branch, tips.sha order by activity.occurred_at, activity.activity_id
    ) = 1

),

-- a head seen by a collection says which commits were there by then and which came later
seen_heads as (

    select
        repository_id,
        branch,
        head as sha,
        min(collected_at) as first_head_at,
        max(collected_at) as last_head_at
    from heads
    group by repository_id, branch, head

),

request_merges as (

    select
        pull_request_id,
        repository_id,
        base_branch,
        merge_commit_oid,
        merged_at
    from merged_requests
    qualify row_number() over (partition by repository_id, base_branch, merge_commit_oid order by merged_at, pull_request_id) = 1

),

tipped as (

    select
        commits.*,
        events.activity_id as tip_activity_id,
        events.position as tip_position,
        coalesce(events.from_position, case when events.activity_id is not null then -1 end) as tip_from_position,
        request_merges.pull_request_id as merge_request_id,
        request_merges.merged_at,
        greatest(coalesce(events.event_at, request_merges.merged_at, seen_heads.last_head_at), coalesce(seen_heads.last_head_at, events.event_at, request_merges.merged_at)) as left_at,
        least(coalesce(events.event_at, request_merges.merged_at, seen_heads.first_head_at), coalesce(seen_heads.first_head_at, events.event_at, request_merges.merged_at)) as reached_at
    from commits
    left join events
        on events.repository_id = commits.repository_id and events.branch = commits.branch and events.sha = commits.sha
    left join request_merges
        on
            request_merges.repository_id = commits.repository_id
            and request_merges.base_branch = commits.branch
            and request_merges.merge_commit_oid = commits.sha
    left join seen_heads
        on
            seen_heads.repository_id = commits.repository_id
            and seen_heads.branch = commits.branch
            and seen_heads.sha = commits.sha

),

stretched as (

    select
        *,
        first_value(tip_activity_id ignore nulls) over (
            partition by repository_id, branch, line order by position rows between current row and unbounded following
        ) as next_activity_id,
        first_value(tip_from_position ignore nulls) over (
            partition by repository_id, branch, line order by position rows between current row and unbounded following
        ) as next_from_position,
        max(tip_position) over (
            partition by repository_id, branch, line order by position rows between unbounded preceding and 1 preceding
        ) as previous_tip_position,
        first_value(merge_request_id ignore nulls) over (
            partition by repository_id, branch, line order by position rows between current row and unbounded following
        ) as next_merge_request_id,
        min(case when merge_request_id is not null then position end) over (
            partition by repository_id, branch, line order by position rows between current row and unbounded following
        ) as next_merge_position,
        max(left_at) over (
            partition by repository_id, branch, line order by position rows between unbounded preceding and 1 preceding
        ) as not_before_at,
        min(reached_at) over (
            partition by repository_id, branch, line order by position rows between current row and unbounded following
        ) as not_after_at
    from tipped

),

walked as (

    select
        *,
        case
            when
                tip_activity_id is not null
                or position > next_from_position and next_from_position >= 0
                or next_from_position < 0 and previous_tip_position is not null
                then next_activity_id
        end as own_activity_id
    from stretched

),

-- the first event of a line that was later lost also brought the commits below the line that survived
lost_line_events as (

    select * from events
    where line <> 'current'
    qualify row_number() over (partition by repository_id, branch, line order by position) = 1

),

brought as (

    select
        walked.*,
        case
            when lost_line_events.event_at < own_events.event_at or own_events.activity_id is null then coalesce(lost_line_events.activity_id, own_events.activity_id)
            else own_events.activity_id
        end as activity_id
    from walked
    left join events as own_events
        on own_events.activity_id = walked.own_activity_id
    left join lost_line_events
        on
            lost_line_events.repository_id = case when walked.line = 'current' and walked.tip_activity_id is null then walked.repository_id end
            and lost_line_events.branch = walked.branch
            and walked.position < lost_line_events.line_starts_at
            and walked.position > lost_line_events.from_position
    qualify row_number() over (
        partition by walked.repository_id, walked.branch, walked.sha order by lost_line_events.event_at, lost_line_events.activity_id
    ) = 1

),

final as (

    select
        brought.instance,
        brought.git_instance,
        brought.repository_id,
        brought.branch,
        brought.sha,
        brought.position,
        brought.first_parent_sha,
        brought.second_parent_sha,
        brought.author_name,
        brought.author_email,
        brought.authored_at,
        brought.committer_email,
        brought.committed_at,
        brought.subject,
        brought.co_authors,
        brought.patch_id,
        brought.lost_at,
        events.activity_id,
        events.activity_type,
        events.event_at,
        events.position as event_position,
        brought.merge_request_id,
        brought.merged_at,
        brought.next_merge_request_id,
        brought.next_merge_position,
        -- without an event of the platform the committer date counts, held between the events and collected heads around it
        coalesce(
            brought.merged_at,
            events.event_at,
            least(
                greatest(brought.committed_at, coalesce(brought.not_before_at, brought.committed_at)),
                coalesce(brought.not_after_at, brought.first_collected_at),
                brought.first_collected_at
            )
        ) as occurred_at,
        brought.merged_at is null and events.event_at is null as is_time_estimated,
        brought.record_key,
        brought.collection_id,
        brought.collected_at,
        brought.payload_sha256
    from brought
    left join events on events.activity_id = brought.activity_id

)

select * from final
