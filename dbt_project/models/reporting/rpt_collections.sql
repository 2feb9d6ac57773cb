with collections as (

    select * from {{ ref('stg_ledger__collections') }}

),

final as (

    select
        n,
        entry_sha256,
        previous_sha256,
        kind,
        collection_id,
        source,
        instance,
        resource,
        window_start_at as window_start,
        window_end_at as window_end,
        collected_at,
        pages,
        requests,
        row_count as rows,
        distinct_keys,
        source_total,
        http_statuses,
        permission,
        permission_detail,
        gaps,
        error,
        entry
    from collections

)

select * from final
