-- Every check run on a commit of the change, with what that commit is to the change. Runs on the request's head at merge, the
-- merge group, the merge commit or the commit pushed are candidates; others show a pass on the wrong commit.
with

changes as (

    select * from {{ ref('int_changes') }}

),

branch_commits as (

    select * from {{ ref('int_branch_commits') }}

),

activity as (

    select * from {{ ref('stg_github__activity') }}
    where activity_type = 'merge_queue_merge'

),

request_commits as (

    select * from {{ ref('stg_github__pull_request_commits') }}

),

request_events as (

    select * from {{ ref('stg_github__pull_request_events') }}

),


runs as (

    select * from {{ ref('stg_github__check_runs') }}

),

required_checks as (

    select
        item_key,
        check_name,
        count(app_id) < count(*) as is_any_app,
        {{ sorted_list('app_id') }} as app_ids
    from {{ ref('int_change_required_checks') }}
    group by item_key, check_name

),

required_apps as (

    select distinct
        item_key,
        check_name,
        app_id
    from {{ ref('int_change_required_checks') }}

),

shas as (

    select item_key, repository_id, head_oid as oid, 'head' as sha_role, 1 as precedence
    from changes
    where change_kind = 'pull_request'
    union all
    select item_key, repository_id, merge_commit_oid as oid, 'merge_commit' as sha_role, 2 as precedence
    from changes
    where change_kind = 'pull_request'
    union all
    select item_key, repository_id, tip_sha as oid, case when change_kind = 'pull_request' then 'merge_commit' else 'pushed_commit' end as sha_role, 3 as precedence
    from changes
    union all
    select changes.item_key, changes.repository_id, activity.after_sha as oid, 'merge_group' as sha_role, 4 as precedence
    from changes
    inner join branch_commits
        on
            branch_commits.repository_id = changes.repository_id
            and branch_commits.branch = changes.branch
            and branch_commits.sha = changes.merge_commit_oid
    inner join activity
        on activity.repository_id = branch_commits.repository_id and activity.activity_id = branch_commits.activity_id
    union all
    select changes.item_key, changes.repository_id, request_commits.oid, 'earlier_commit' as sha_role, 5 as precedence
    from changes
    inner join request_commits
        on request_commits.repository_id = changes.repository_id and request_commits.pull_request_id = changes.pull_request_id
    union all
    select changes.item_key, changes.repository_id, request_events.before_oid as oid, 'replaced_commit' as sha_role, 6 as precedence
    from changes
    inner join request_events
        on request_events.repository_id = changes.repository_id and request_events.pull_request_id = changes.pull_request_id

),

related as (

    select
        item_key,
        repository_id,
        oid,
        sha_role,
        precedence <= 4 as is_candidate
    from shas
    where oid is not null
    qualify row_number() over (partition by item_key, oid order by precedence) = 1

),

named_runs as (

    select
        instance,
        repository_id,
        oid,
        coalesce(check_name, status_context) as check_name,
        app_id,
        app_slug,
        check_run_id,
        upper(coalesce(conclusion, state)) as outcome,
        started_at,
        case
            when check_name is not null and upper(status) = 'COMPLETED' then completed_at
            when check_name is null and upper(state) in ('SUCCESS', 'FAILURE', 'ERROR') then status_created_at
        end as completed_at,
        details_url,
        record_key,
        collection_id,
        collected_at,
        payload_sha256
    from runs

),

final as (

    select
        changes.item_key,
        named_runs.record_key,
        named_runs.check_name,
        named_runs.app_id,
        named_runs.app_slug,
        named_runs.check_run_id,
        related.oid,
        related.sha_role,
        related.is_candidate,
        required_checks.check_name is not null as is_required,
        required_checks.app_ids as required_app_id,
        coalesce(required_checks.is_any_app, true) or required_apps.app_id is not null as is_required_app,
        named_runs.outcome,
        named_runs.started_at,
        named_runs.completed_at,
        coalesce(named_runs.completed_at <= changes.occurred_at, false) as is_by_merge,
        named_runs.details_url,
        named_runs.collection_id,
        named_runs.collected_at,
        named_runs.payload_sha256
    from changes
    inner join related on related.item_key = changes.item_key
    inner join named_runs
        on
            named_runs.instance = changes.instance
            and named_runs.repository_id = related.repository_id
            and named_runs.oid = related.oid
    left join required_checks
        on required_checks.item_key = changes.item_key and required_checks.check_name = named_runs.check_name
    left join required_apps
        on
            required_apps.item_key = changes.item_key
            and required_apps.check_name = named_runs.check_name
            and required_apps.app_id = named_runs.app_id

)

select * from final
