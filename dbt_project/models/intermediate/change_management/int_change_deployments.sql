-- Production deployments whose deployed commit is one of the change's; failed deployments changed nothing.
with

changes as (

    select * from {{ ref('int_changes') }}

),

commit_changes as (

    select * from {{ ref('int_commit_changes') }}

),

deployments as (

    select * from {{ ref('stg_github__deployments') }}
    where coalesce(upper(latest_state), 'UNKNOWN') not in ('FAILURE', 'ERROR')

),

shas as (

    select item_key, repository_id, sha from commit_changes
    union
    select item_key, repository_id, tip_sha as sha from changes

),

final as (

    select
        changes.item_key,
        deployments.deployment_id,
        deployments.commit_oid,
        deployments.environment,
        deployments.created_at as deployed_at,
        deployments.record_key,
        deployments.collection_id,
        deployments.collected_at,
        deployments.payload_sha256
    from changes
    inner join shas on shas.item_key = changes.item_key
    inner join deployments
        on
            deployments.instance = changes.instance
            and deployments.repository_id = shas.repository_id
            and deployments.commit_oid = shas.sha

)

select * from final
