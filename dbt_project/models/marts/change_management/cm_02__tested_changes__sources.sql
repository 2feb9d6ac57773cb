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

check_runs as (

    select * from {{ ref('int_change_check_runs') }}

),

deployments as (

    select * from {{ ref('int_change_deployments') }}

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
    select changes.item_key, 'github' as source, changes.instance, 'check_runs' as resource, check_runs.record_key, check_runs.collection_id, check_runs.collected_at, check_runs.payload_sha256
    from changes
    inner join check_runs on check_runs.item_key = changes.item_key
    union all
    select changes.item_key, 'github' as source, changes.instance, 'deployments' as resource, deployments.record_key, deployments.collection_id, deployments.collected_at, deployments.payload_sha256
    from changes
    inner join deployments on deployments.item_key = changes.item_key

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
