-- The frame of CM-01 and CM-02: one row per change on a production branch in the period. Where requests were not collected, a commit that
-- came with none may have come with one.
with

engagement as (

    select * from {{ ref('int_engagement') }}

),

branches as (

    select * from {{ ref('int_production_branches') }}

),

commit_changes as (

    select * from {{ ref('int_commit_changes') }}

),

requests as (

    select * from {{ ref('stg_github__pull_requests') }}
    where merged_at is not null

),

activity as (

    select * from {{ ref('stg_github__activity') }}

),

heads as (

    select * from {{ ref('stg_git__branch_heads') }}

),

collections as (

    select * from {{ ref('stg_ledger__collections') }}
    where resource in ('activity', 'history') and kind = 'committed' and permission not in ('denied', 'not_available')

),

-- what is on the branch counts before what a rewrite took off it
ordered_commits as (

    select
        *,
        row_number() over (partition by item_key order by position nulls last, lost_at nulls last, sha nulls last) as commit_no
    from commit_changes
    where is_first_branch

),

from_git as (

    select
        item_key,
        instance,
        repository_id,
        change_kind,
        pull_request_id,
        activity_id,
        min(branch) as branch,
        count(*) as commits,
        {{ max_by('sha', 'commit_no') }} as tip_sha,
        min(occurred_at) as occurred_at,
        {{ sorted_list('mapping') }} as mapping,
        min(subject) as subject
    from ordered_commits
    group by item_key, instance, repository_id, change_kind, pull_request_id, activity_id

),

-- requests merged into a production branch that git does not show, and rewrites that brought no commit
from_platform as (

    select
        concat_ws('', branches.instance, ':', requests.repository_id, '/pr/', requests.pull_request_id) as item_key,
        branches.instance,
        requests.repository_id,
        'pull_request' as change_kind,
        requests.pull_request_id,
        cast(null as string) as activity_id,
        requests.base_branch as branch,
        requests.merge_commit_oid as tip_sha,
        requests.merged_at as occurred_at,
        requests.title as subject
    from requests
    inner join branches
        on branches.repository_id = requests.repository_id and branches.branch = requests.base_branch
    union all
    select
        concat_ws('', branches.instance, ':', activity.repository_id, '/push/', activity.activity_id) as item_key,
        branches.instance,
        activity.repository_id,
        'push' as change_kind,
        cast(null as string) as pull_request_id,
        activity.activity_id,
        activity.branch,
        activity.after_sha as tip_sha,
        activity.occurred_at,
        'History rewritten' as subject
    from activity
    inner join branches
        on branches.repository_id = activity.repository_id and branches.branch = activity.branch
    where activity.activity_type = 'force_push'

),

framed as (

    select
        item_key,
        instance,
        repository_id,
        change_kind,
        pull_request_id,
        activity_id,
        branch,
        commits,
        tip_sha,
        occurred_at,
        mapping,
        subject,
        true as is_in_git
    from from_git
    union all
    select
        from_platform.item_key,
        from_platform.instance,
        from_platform.repository_id,
        from_platform.change_kind,
        from_platform.pull_request_id,
        from_platform.activity_id,
        from_platform.branch,
        cast(0 as bigint) as commits,
        from_platform.tip_sha,
        from_platform.occurred_at,
        'platform_only' as mapping,
        from_platform.subject,
        false as is_in_git
    from from_platform
    left join from_git on from_git.item_key = from_platform.item_key
    where from_git.item_key is null

),

timed as (

    select
        framed.*,
        coalesce(requests.merged_at, activity.occurred_at, framed.occurred_at) as changed_at,
        case framed.change_kind when 'pull_request' then 'merge_event' when 'push' then 'push_event' else 'committer_date' end as time_basis,
        requests.number,
        requests.title,
        requests.body,
        requests.url,
        requests.author_id,
        requests.author_login,
        requests.author_type,
        requests.merged_by_id,
        requests.merged_by_login,
        requests.merged_by_type,
        requests.head_branch,
        requests.head_oid,
        requests.merge_commit_oid,
        requests.merge_commit_second_parent_oid,
        requests.is_cross_repository,
        requests.labels,
        requests.files,
        requests.additions,
        requests.deletions,
        requests.changed_files,
        activity.actor_id as pushed_by_id,
        activity.actor_login as pushed_by_login,
        activity.actor_type as pushed_by_type,
        activity.activity_type,
        activity.before_sha
    from framed
    left join requests
        on requests.repository_id = framed.repository_id and requests.pull_request_id = framed.pull_request_id
    left join activity
        on activity.repository_id = framed.repository_id and activity.activity_id = framed.activity_id

),

in_period as (

    select timed.*
    from timed
    cross join engagement
    where timed.changed_at >= engagement.period_start_at and timed.changed_at < engagement.period_end_at

),

rewritten_heads as (

    select
        repository_id,
        branch,
        head,
        collected_at,
        (
            select max(earlier.collected_at)
            from heads as earlier
            where
                earlier.repository_id = heads.repository_id
                and earlier.branch = heads.branch
                and earlier.collected_at < heads.collected_at
        ) as previous_collected_at
    from heads
    where is_descendant is false

),

-- a rewrite that no push event explains belongs to the change that now holds the head
unexplained_rewrites as (

    select
        heads.repository_id,
        heads.branch,
        heads.head
    from rewritten_heads as heads
    left join activity
        on
            activity.repository_id = heads.repository_id
            and activity.branch = heads.branch
            and activity.activity_type = 'force_push'
            and activity.before_sha is not null
            and activity.occurred_at <= heads.collected_at
            and activity.occurred_at > heads.previous_collected_at
    where activity.activity_id is null

),

rewriting_changes as (

    select distinct commit_changes.item_key
    from commit_changes
    inner join unexplained_rewrites
        on
            unexplained_rewrites.repository_id = commit_changes.repository_id
            and unexplained_rewrites.branch = commit_changes.branch
            and unexplained_rewrites.head = commit_changes.sha

),

-- evidence that the branch was not rewritten at the time: two heads compared around it, or the platform's activity
compared_heads as (

    select
        repository_id,
        branch,
        collected_at,
        lag(collected_at) over (partition by repository_id, branch order by collected_at nulls last) as previous_collected_at,
        is_descendant
    from heads

),

watched_by_heads as (

    select distinct in_period.item_key
    from in_period
    inner join compared_heads
        on
            compared_heads.repository_id = in_period.repository_id
            and compared_heads.branch = in_period.branch
            and compared_heads.is_descendant is not null
            and in_period.changed_at > compared_heads.previous_collected_at
            and in_period.changed_at <= compared_heads.collected_at

),

watched_by_activity as (

    select distinct in_period.item_key
    from in_period
    inner join collections
        on
            collections.instance = in_period.instance
            and collections.resource = 'activity'
            and in_period.changed_at >= coalesce(collections.window_start_at, in_period.changed_at)
            and in_period.changed_at < collections.window_end_at

),

requests_seen as (

    select distinct in_period.item_key
    from in_period
    inner join {{ ref('int_covered_intervals') }} as covered
        on
            covered.instance = in_period.instance
            and covered.resource = 'pull_requests'
            and in_period.changed_at >= covered.covered_from
            and in_period.changed_at < covered.covered_to

),

file_items as (

    select
        in_period.item_key,
        {{ lower_case(json_text('file.item', '$.path')) }} as path
    from in_period
    {{ json_items('in_period.files', '$', 'file') }}

),

files as (

    select
        item_key,
        count(*) as files,
        sum(
            case
                when path like 'docs/%' or path like '%.md' or path like '%.rst' or path like '%.txt' or path like 'license%' then 1
                else 0
            end
        ) as document_files
    from file_items
    group by item_key

),

label_items as (

    select
        in_period.item_key,
        {{ lower_case(json_text('label.item', '$.name')) }} as label
    from in_period
    {{ json_items('in_period.labels', '$', 'label') }}

),

labels as (

    select
        item_key,
        {{ sorted_list('label') }} as labels,
        max(case when label in ('emergency', 'hotfix') then 1 else 0 end) = 1 as is_emergency
    from label_items
    group by item_key

),

final as (

    select
        in_period.item_key,
        in_period.instance,
        in_period.repository_id,
        branches.repository_name,
        in_period.branch,
        in_period.change_kind,
        case
            when in_period.change_kind = 'pull_request' then true
            when requests_seen.item_key is not null then false
        end as is_request,
        in_period.pull_request_id,
        in_period.activity_id,
        in_period.number,
        coalesce(in_period.title, in_period.subject) as title,
        in_period.body,
        in_period.commits,
        in_period.tip_sha,
        in_period.head_branch,
        in_period.head_oid,
        in_period.merge_commit_oid,
        in_period.merge_commit_second_parent_oid is not null as is_merge_commit,
        in_period.before_sha,
        in_period.mapping,
        in_period.is_in_git,
        in_period.changed_at as occurred_at,
        {{ local_date('in_period.changed_at', 'engagement.zone') }} as occurred_on,
        in_period.time_basis,
        in_period.author_id,
        in_period.author_login,
        in_period.author_type,
        in_period.merged_by_id,
        in_period.merged_by_login,
        in_period.merged_by_type,
        in_period.pushed_by_id,
        in_period.pushed_by_login,
        in_period.pushed_by_type,
        in_period.is_cross_repository,
        labels.labels,
        coalesce(labels.is_emergency, false) or coalesce({{ lower_case('in_period.head_branch') }} like 'hotfix/%', false) as is_emergency,
        in_period.files,
        in_period.additions,
        in_period.deletions,
        in_period.changed_files,
        case
            when in_period.change_kind <> 'pull_request' then 'unknown'
            when in_period.changed_files = 0 then 'empty'
            when files.files = files.document_files then 'documentation'
            when files.files is null then 'unknown'
            else 'code'
        end as category,
        case
            when in_period.activity_type = 'force_push' or rewriting_changes.item_key is not null then true
            when watched_by_heads.item_key is not null or watched_by_activity.item_key is not null then false
        end as is_rewrite,
        case in_period.change_kind
            when 'pull_request' then in_period.url
            when 'push' then concat_ws('', branches.repository_url, '/compare/', in_period.before_sha, '...', in_period.tip_sha)
            else concat_ws('', branches.repository_url, '/commit/', in_period.tip_sha)
        end as url
    from in_period
    cross join engagement
    inner join branches
        on branches.repository_id = in_period.repository_id and branches.branch = in_period.branch
    left join rewriting_changes on rewriting_changes.item_key = in_period.item_key
    left join watched_by_heads on watched_by_heads.item_key = in_period.item_key
    left join watched_by_activity on watched_by_activity.item_key = in_period.item_key
    left join files on files.item_key = in_period.item_key
    left join labels on labels.item_key = in_period.item_key
    left join requests_seen on requests_seen.item_key = in_period.item_key

)

select * from final
