with

changes as (

    select * from {{ ref('int_changes') }}

),

commit_changes as (

    select * from {{ ref('int_commit_changes') }}

),

requests as (

    select * from {{ ref('stg_github__pull_requests') }}

),

reviews as (

    select * from {{ ref('stg_github__pull_request_reviews') }}

),

request_commits as (

    select * from {{ ref('stg_github__pull_request_commits') }}

),

request_events as (

    select * from {{ ref('stg_github__pull_request_events') }}

),

activity as (

    select * from {{ ref('stg_github__activity') }}

),

rule_suites as (

    select * from {{ ref('stg_github__rule_suites') }}

),

tickets as (

    select
        tickets.item_key,
        issues.instance,
        issues.record_key,
        issues.collection_id,
        issues.collected_at,
        issues.payload_sha256
    from {{ ref('int_change_tickets') }} as tickets
    inner join {{ ref('stg_jira__issues') }} as issues
        on issues.instance = tickets.instance and issues.record_key = tickets.record_key

),

records as (

    select changes.item_key, 'git' as source, commit_changes.git_instance as instance, 'first_parent_commits' as resource, commit_changes.record_key, commit_changes.collection_id, commit_changes.collected_at, commit_changes.payload_sha256
    from changes
    inner join commit_changes on commit_changes.item_key = changes.item_key
    union all
    select changes.item_key, 'github' as source, requests.instance, 'pull_requests' as resource, requests.record_key, requests.collection_id, requests.collected_at, requests.payload_sha256
    from changes
    inner join requests on requests.repository_id = changes.repository_id and requests.pull_request_id = changes.pull_request_id
    union all
    select changes.item_key, 'github' as source, reviews.instance, 'pull_request_reviews' as resource, reviews.record_key, reviews.collection_id, reviews.collected_at, reviews.payload_sha256
    from changes
    inner join reviews on reviews.repository_id = changes.repository_id and reviews.pull_request_id = changes.pull_request_id
    union all
    select changes.item_key, 'github' as source, request_commits.instance, 'pull_request_commits' as resource, request_commits.record_key, request_commits.collection_id, request_commits.collected_at, request_commits.payload_sha256
    from changes
    inner join request_commits on request_commits.repository_id = changes.repository_id and request_commits.pull_request_id = changes.pull_request_id
    union all
    select changes.item_key, 'github' as source, request_events.instance, 'pull_request_events' as resource, request_events.record_key, request_events.collection_id, request_events.collected_at, request_events.payload_sha256
    from changes
    inner join request_events on request_events.repository_id = changes.repository_id and request_events.pull_request_id = changes.pull_request_id
    union all
    select changes.item_key, 'github' as source, activity.instance, 'activity' as resource, activity.record_key, activity.collection_id, activity.collected_at, activity.payload_sha256
    from changes
    inner join activity on activity.repository_id = changes.repository_id and (activity.activity_id = changes.activity_id or activity.after_sha = changes.merge_commit_oid)
    union all
    select changes.item_key, 'github' as source, rule_suites.instance, 'rule_suites' as resource, rule_suites.record_key, rule_suites.collection_id, rule_suites.collected_at, rule_suites.payload_sha256
    from changes
    inner join rule_suites on rule_suites.repository_id = changes.repository_id and rule_suites.after_sha = changes.tip_sha
    union all
    select item_key, 'jira' as source, instance, 'issues' as resource, record_key, collection_id, collected_at, payload_sha256
    from tickets

),

final as (

    select
        item_key,
        source,
        instance,
        resource,
        record_key,
        collection_id,
        collected_at,
        payload_sha256
    from records

)

select * from final
