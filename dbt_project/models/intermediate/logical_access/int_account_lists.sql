-- Complete snapshots of the lists of accounts, per instance and list, each with the snapshot before it.
with collections as (

    select * from {{ ref('stg_ledger__collections') }}

),

final as (

    select
        source,
        instance,
        resource,
        collection_id,
        collected_at,
        lag(collected_at) over (partition by instance, resource order by collected_at nulls last, n nulls last) as previous_at,
        lead(collected_at) over (partition by instance, resource order by collected_at nulls last, n nulls last) as next_at,
        row_count,
        distinct_keys,
        source_total
    from collections
    where
        kind = 'committed'
        and permission not in ('denied', 'not_available')
        and (
            (source = 'okta' and resource = 'users')
            or (source = 'github' and resource in ('members', 'outside_collaborators'))
            or (source = 'jira' and resource = 'users')
        )

)

select * from final
