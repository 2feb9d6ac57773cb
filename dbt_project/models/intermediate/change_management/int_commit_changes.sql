-- Every first-parent commit belongs to exactly one change: a merged request by its merge commit, by the platform's merge event,
-- as one of the commits that a rebase replayed below the merge commit, or by the platform's association; else the push; else itself.
-- A commit that came by a push is a request's only if the platform associates it with one that this very push merged. On a second
-- production branch it belongs to the change that brought it to the first.
with

commits as (

    select * from {{ ref('int_branch_commits') }}

),

engagement as (

    select * from {{ ref('int_engagement') }}

),

merged_requests as (

    select * from {{ ref('stg_github__pull_requests') }}
    where merged_at is not null

),

request_commits as (

    select * from {{ ref('stg_github__pull_request_commits') }}
    where second_parent_oid is null

),

platform_commits as (

    select * from {{ ref('stg_github__commits') }}

),

replayed as (

    select
        pull_request_id,
        authored_at,
        split_part(message, chr(10), 1) as subject,
        count(*) over (partition by pull_request_id) as commits
    from request_commits
    qualify row_number() over (partition by pull_request_id, authored_at, split_part(message, chr(10), 1) order by position) = 1

),

association_items as (

    select
        platform_commits.repository_id,
        platform_commits.branch,
        platform_commits.oid,
        {{ json_text('associated.item', '$.databaseId') }} as pull_request_id
    from platform_commits
    {{ json_items('platform_commits.associated_pull_requests', '$', 'associated') }}

),

associations as (

    select
        association_items.repository_id,
        association_items.branch,
        association_items.oid,
        merged_requests.pull_request_id,
        merged_requests.merged_at
    from association_items
    inner join merged_requests
        on
            merged_requests.repository_id = association_items.repository_id
            and merged_requests.pull_request_id = association_items.pull_request_id
            and merged_requests.base_branch = association_items.branch
    qualify row_number() over (
        partition by association_items.repository_id, association_items.branch, association_items.oid
        order by merged_requests.merged_at, merged_requests.pull_request_id
    ) = 1

),

mapped as (

    select
        commits.*,
        case
            when commits.merge_request_id is not null then 'merge_commit'
            when commits.activity_type in ('pr_merge', 'merge_queue_merge') and commits.next_merge_position <= commits.event_position then 'merge_event'
            when
                commits.activity_type in ('push', 'force_push')
                and (
                    associations.pull_request_id is null
                    or abs({{ seconds_between('commits.event_at', 'associations.merged_at') }}) > {{ threshold('CM-01', 'merge_by_push_seconds', local_date('commits.event_at', 'engagement.zone')) }}
                )
                then 'push_event'
            when replayed.pull_request_id is not null then 'rebased_commit'
            when associations.pull_request_id is not null then 'association'
            else 'commit'
        end as mapping,
        replayed.pull_request_id as replayed_request_id,
        associations.pull_request_id as associated_request_id
    from commits
    cross join engagement
    left join replayed
        on
            replayed.pull_request_id = case when commits.second_parent_sha is null then commits.next_merge_request_id end
            and replayed.authored_at = commits.authored_at
            and replayed.subject = commits.subject
            and commits.next_merge_position - commits.position < replayed.commits
    left join associations
        on
            associations.repository_id = commits.repository_id
            and associations.branch = commits.branch
            and associations.oid = commits.sha

),

identified as (

    select
        *,
        case
            when mapping in ('merge_commit', 'merge_event', 'rebased_commit', 'association') then 'pull_request'
            when mapping = 'push_event' then 'push'
            else 'commit'
        end as change_kind,
        case mapping
            when 'merge_commit' then merge_request_id
            when 'merge_event' then next_merge_request_id
            when 'rebased_commit' then replayed_request_id
            when 'association' then associated_request_id
        end as pull_request_id
    from mapped

),

keyed as (

    select
        *,
        concat(
            instance, ':', repository_id,
            case change_kind
                when 'pull_request' then concat('/pr/', pull_request_id)
                when 'push' then concat('/push/', activity_id)
                else concat('/commit/', sha)
            end
        ) as own_key,
        case when change_kind = 'push' then activity_id end as push_activity_id
    from identified

),

-- events before estimates, then the earlier one
branched as (

    select
        *,
        row_number() over (branches) as branch_no,
        first_value(own_key) over (branches) as item_key,
        first_value(change_kind) over (branches) as first_kind,
        first_value(pull_request_id) over (branches) as first_request_id,
        first_value(push_activity_id) over (branches) as first_activity_id,
        first_value(occurred_at) over (branches) as first_reached_at
    from keyed
    window branches as (partition by repository_id, sha order by is_time_estimated, occurred_at, branch)

),

final as (

    select
        item_key,
        branch_no = 1 as is_first_branch,
        instance,
        git_instance,
        repository_id,
        branch,
        sha,
        position,
        first_kind as change_kind,
        case when branch_no = 1 then mapping else 'earlier_branch' end as mapping,
        first_request_id as pull_request_id,
        first_activity_id as activity_id,
        activity_id as event_id,
        activity_type as event_type,
        first_parent_sha,
        second_parent_sha,
        author_name,
        author_email,
        authored_at,
        committer_email,
        committed_at,
        subject,
        co_authors,
        patch_id,
        lost_at,
        occurred_at,
        first_reached_at,
        is_time_estimated,
        record_key,
        collection_id,
        collected_at,
        payload_sha256
    from branched

)

select * from final
