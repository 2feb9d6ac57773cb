with entries as (

    select * from {{ source('raw_ledger', 'collections') }}
    where kind = 'committed'

),

final as (

    select
        entries.collection_id,
        entries.source,
        entries.instance,
        entries.resource,
        gap.item_no as gap_no,
        {{ json_timestamp('gap.item', '$.from') }} as gap_from_at,
        {{ json_timestamp('gap.item', '$.to') }} as gap_to_at,
        {{ json_text('gap.item', '$.cause') }} as cause
    from entries
    {{ json_items('entries.gaps', '$', 'gap') }}

)

select * from final
